#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = hdr.h.b ? 1 : 2;
        hdr.h.a = true ? hdr.h.b : false;
        hdr.h.a = hdr.h.b == 1 ? 1 : 2;
        hdr.h.a = hdr.h.b == 1 ? hdr.h.c : hdr.h.c[3:0];
        hdr.h = hdr.h.b == 1 ? hdr.h : meta;
    }
}

#include <rest.p4>
