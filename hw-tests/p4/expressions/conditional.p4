// `?:` of numbers, structs, headers and booleans, and within one another.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        hdr.h.b = a < 10 ? 8w1 : a < 20 ? 8w2 : 3;
        pair_t p = a == 1 ? (pair_t) { 4, 5 } : { 6, 7 };
        hdr.h.c = p.x * 16 + p.y;
        data_t other = { 9, 9, 9, 9 };
        if (a == 30 ? true : a == 31) {
            hdr.h = a == 30 ? other : hdr.h;
        }
        hdr.h.d = (a > 5 ? hdr.h.b : hdr.h.c) + 1;
    }
}

#include <rest.p4>
