// Names within blocks hide those outside; parameters and locals hide those of the top level.
#include <data.p4>

const bit<8> X = 2;

bit<8> shadowed(in bit<8> X) {
    return X;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> x = 1;
        {
            bit<16> x = 0x1234;
            hdr.h.b = x[15:8];
            {
                bool x = true;
                hdr.h.c = x ? 8w1 : 0;
            }
        }
        hdr.h.a = x + X + shadowed(3);
        hdr.h.d = .X;
    }
}

#include <rest.p4>
