// An assignment reads all of its right side before it writes any of its left side.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t p = { hdr.h.a, hdr.h.b };
        p = { p.y, p.x };
        hdr.h.a = p.x;
        hdr.h.b = p.y;
        p = { x = p.y + 1, y = p.x + 1 };
        hdr.h.c = p.x;
        hdr.h.d = p.y;
    }
}

#include <rest.p4>
