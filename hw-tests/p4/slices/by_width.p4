// `[low+:width]` is so many bits from the low one on; the low one may be computed.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.c = hdr.h.a[4+:4] ++ hdr.h.b[0+:4];
        hdr.h.a[2+:2] = 0b10;
        bit<8> at = hdr.h.d;
        hdr.h.d = 0;
        hdr.h.d[7+:1] = hdr.h.b[at+:1];
        hdr.h.b[at+:2] = 0b11;
    }
}

#include <rest.p4>
