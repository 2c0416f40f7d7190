// Registers declared outside are one state for all instances that name them; those declared inside are one for each instance.
#include <data.p4>

control Count(inout bit<8> v)(bit<32> size) {
    register<bit<8>>(size) own;
    apply {
        bit<8> n;
        own.read(n, 0);
        n = n + 1;
        own.write(0, n);
        v = n;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Count(4) left;
    Count(4) right;
    apply {
        left.apply(hdr.h.a);
        left.apply(hdr.h.b);
        right.apply(hdr.h.c);
        if (hdr.h.d == 1) {
            right.apply(hdr.h.c);
        }
    }
}

#include <rest.p4>
