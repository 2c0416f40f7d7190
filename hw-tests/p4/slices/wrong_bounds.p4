#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = hdr.h.a[8:1];
        hdr.h.b[3:0] = hdr.h.a[0:3];
        hdr.h.b[7:8] = 1;
        hdr.h.b = hdr.h.a[hdr.h.b:0];
        hdr.h.b = hdr.h.a[7:-1];
        hdr.h.b[2:0] = hdr.h.a[3:0];
    }
}

#include <rest.p4>
