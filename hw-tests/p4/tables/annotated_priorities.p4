// @priority of entries, from before priorities were of the language: the smallest wins, and an entry without one has the number of its place.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.b = v; }
    table t {
        key = { hdr.h.a: ternary; }
        actions = { set; NoAction; }
        const entries = {
            0x10 &&& 0xf0: set(1) @priority(3);
            0x11 &&& 0xff: set(2);
            _: set(3) @priority(10);
            0x12 &&& 0x1f: set(4) @priority(1);
        }
    }
    apply {
        t.apply();
    }
}

#include <rest.p4>
