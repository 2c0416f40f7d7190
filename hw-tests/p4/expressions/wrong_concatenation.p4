#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = hdr.h.b ++ hdr.h.c;
        hdr.h.a = 4w1 ++ 5;
        hdr.h.a = hdr.h.a[3:0] ++ true;
        hdr.h.a = 1 ++ 2;
    }
}

#include <rest.p4>
