// Signed numbers: comparison, negation, multiplication, shifts keep the sign.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> a = (int<8>) hdr.h.a;
        int<8> b = (int<8>) hdr.h.b;
        bit<8> flags = 0;
        flags[0:0] = (bit<1>) (a < b);
        flags[1:1] = (bit<1>) (a <= b);
        flags[2:2] = (bit<1>) (a > b);
        flags[3:3] = (bit<1>) (a == -b);
        flags[4:4] = (bit<1>) (a < 0);
        flags[5:5] = (bit<1>) (a >= -1);
        hdr.h.a = flags;
        hdr.h.b = (bit<8>) (a * b);
        hdr.h.c = (bit<8>) (a >> 2);
        hdr.h.d = (bit<8>) (-(a + b));
    }
}

#include <rest.p4>
