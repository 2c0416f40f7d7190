// Saturating addition and subtraction stop at the ends of the range.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        bit<8> b = hdr.h.b;
        int<8> s = (int<8>) a;
        int<8> t = (int<8>) b;
        hdr.h.a = a |+| b;
        hdr.h.b = a |-| b;
        hdr.h.c = (bit<8>) (s |+| t);
        hdr.h.d = (bit<8>) (s |-| t);
    }
}

#include <rest.p4>
