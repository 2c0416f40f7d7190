// random gives a number between two bounds, both included: here there is one such number only, or the test adds what is right of any.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        random(hdr.h.a, hdr.h.b, hdr.h.b);
        bit<4> small;
        random(small, 2, 3);
        hdr.h.c = (small == 2 || small == 3) ? 8w1 : 0;
    }
}

#include <rest.p4>
