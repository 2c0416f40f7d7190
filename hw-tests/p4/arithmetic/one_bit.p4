// Numbers of one bit: sums, negation, comparison, and the sign of `int<1>`.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<1> a = hdr.h.a[0:0];
        bit<1> b = hdr.h.b[0:0];
        int<1> s = (int<1>) a;
        hdr.h.c = (bit<8>) (a + b) + ((bit<8>) (a * b) << 1) + ((bit<8>) (-a) << 2) + ((bit<8>) (~b) << 3) + ((bit<8>) (a - b) << 4)
            + ((bit<8>) (a |+| b) << 5) + ((bit<8>) (a |-| b) << 6);
        hdr.h.d = s < 0 ? 8w0xff : (bit<8>) (int<8>) s;
    }
}

#include <rest.p4>
