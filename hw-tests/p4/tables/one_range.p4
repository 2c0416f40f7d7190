// A key of one range, 8, 32 and 40 bits wide: of overlapping ranges the one of the highest priority is found, at both bounds of each and at the ends of the number line.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action first(bit<8> v) { hdr.h.d = v; }
    action second(bit<8> v) { hdr.h.c = v; }
    action third(bit<8> v) { hdr.h.b = v; }
    table narrow {
        key = { hdr.h.a: range; }
        actions = { first; NoAction; }
        default_action = first(0xff);
    }
    table word {
        key = { hdr.h.a ++ 16w0xffff ++ hdr.h.b: range @name("word"); }
        actions = { second; NoAction; }
        default_action = second(0xff);
    }
    table long {
        key = { 32w0 ++ hdr.h.a: range @name("long"); }
        actions = { third; NoAction; }
        default_action = third(0xff);
    }
    apply {
        word.apply();
        long.apply();
        narrow.apply();
    }
}

#include <rest.p4>
