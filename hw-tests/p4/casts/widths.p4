// Casts that cut, extend, and do nothing, one behind the other and within expressions.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<16> w = (bit<16>) hdr.h.a << 4;
        hdr.h.b = (bit<8>) w;
        hdr.h.c = (bit<8>) (w >> 8) + (bit<8>) (bit<4>) hdr.h.a;
        int<16> s = (int<16>) (int<8>) hdr.h.a;
        hdr.h.d = (bit<8>) (bit<16>) (s >> 4);
        hdr.h.a = (bit<8>) (bit<1>) (hdr.h.a == 0xfe);
    }
}

#include <rest.p4>
