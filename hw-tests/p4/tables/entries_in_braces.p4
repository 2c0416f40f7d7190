// Entries whose values stand in braces, each a list of what one key or all keys compare with.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action c(bit<8> v) { hdr.h.c = v; }
    action d(bit<8> v) { hdr.h.d = v; }
    table one {
        key = { hdr.h.a: exact; }
        actions = { c; NoAction; }
        const entries = {
            { (4w1 ++ 4w2) }: c(1);
            { 5 }: c(2);
            (6): c(3);
        }
    }
    table two {
        key = {
            hdr.h.a: exact;
            hdr.h.b: ternary;
        }
        actions = { d; NoAction; }
        const entries = {
            { 5, 7 }: d(1);
            (5, 8 &&& 8): d(2);
            { 6, 0 + 1 }: d(3);
        }
    }
    apply {
        one.apply();
        two.apply();
    }
}

#include <rest.p4>
