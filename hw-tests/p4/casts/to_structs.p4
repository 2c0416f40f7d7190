// Casts of lists and named values to structs, headers and tuples.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct odd_t {
    bit<3> m;
    bit<5> n;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t p = (pair_t) { hdr.h.b, hdr.h.a };
        hdr.h = (data_t) { p.y, p.x, 0x33, (bit<8>) ((odd_t) { 5, 1 }).n };
        pair_t q = (pair_t) { y = 1, x = 2 };
        if (p == q) {
            hdr.h.c = 0xff;
        }
        tuple<bit<8>, bit<4>> t = (tuple<bit<8>, bit<4>>) { 0x44, 1 };
        hdr.h.d = hdr.h.d + t[0];
    }
}

#include <rest.p4>
