#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t p = { 1, 2 };
        p = { 1 };
        p = { 1, 2, 3 };
        p = { x = 1 };
        p = { x = 1, y = 2, z = 3 };
        p = { x = 1, x = 2 };
        p = { true, 2 };
        p = { ..., 1 };
        p = 5;
        hdr.h.a = { 1 };
        p = { y = 1, y2 = 2 };
    }
}

#include <rest.p4>
