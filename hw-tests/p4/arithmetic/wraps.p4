// Addition, subtraction, multiplication and negation are modulo 2^width.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        bit<8> b = hdr.h.b;
        hdr.h.a = a + b;
        hdr.h.b = a - b;
        hdr.h.c = a * b;
        hdr.h.d = -a;
    }
}

#include <rest.p4>
