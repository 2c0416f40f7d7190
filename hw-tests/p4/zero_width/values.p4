// Numbers without bits: each has one value, takes no room, and may stand wherever a number may.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
    bit<0> none;
    bit<8> b;
    int<0> neither;
    bit<8> c;
    bit<8> d;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    bit<0> z;
    bit<8> x;
}

bit<8> beside(in bit<8> x, in bit<0> nothing) {
    return x ++ nothing;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<0> z = 0;
        bit<0> y = (bit<0>) hdr.h.a;
        meta.z = z + y;
        hdr.h.none = ~meta.z;
        hdr.h.b = beside(hdr.h.a, hdr.h.none);
        hdr.h.c = (bit<8>) hdr.h.none + 5;
        if (z == hdr.h.none && z <= y && !(z < y) && (int<0>) z == hdr.h.neither) {
            hdr.h.d = (hdr.h.d ++ z) << z;
        } else {
            hdr.h.d = 0xee;
        }
        hdr.h.d = hdr.h.d + (bit<8>) (0w0 ++ 8w3);
    }
}

#include <rest.p4>
