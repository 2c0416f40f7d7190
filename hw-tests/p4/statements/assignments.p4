// Assignments that compute: each operator, on fields, slices and elements.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a += 5;
        hdr.h.b -= hdr.h.a;
        hdr.h.c |= 0xf0;
        hdr.h.d[7:4] ^= 0xf;
        hdr.h.a <<= 1;
        hdr.h.b *= 3;
        hdr.h.c &= 0x3c;
        hdr.h.d |+|= 0xc0;
        meta.x = 100;
        meta.x /= 7;
        meta.x %= 5;
        hdr.h.a += meta.x;
        meta.x >>= 1;
        hdr.h.b |-|= meta.x;
    }
}

#include <rest.p4>
