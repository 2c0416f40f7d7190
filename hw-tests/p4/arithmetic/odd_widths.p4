// Numbers whose width is no multiple of 8: sums run over where the width ends, signs are at its top bit.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<5> a = hdr.h.a[4:0];
        bit<5> b = hdr.h.b[4:0];
        int<5> s = (int<5>) a;
        hdr.h.c = (bit<8>) (a + b);
        hdr.h.d = (bit<8>) (int<8>) (s >> 1);
        bit<13> w = a ++ hdr.h.b;
        hdr.h.a = (w * 3)[12:5];
        hdr.h.b = (bit<8>) (a |+| b) + ((s |-| 7) == -16 ? 8w0x80 : 0);
    }
}

#include <rest.p4>
