#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> s = 1;
        hdr.h.a = hdr.h.a + s;
        s = s - hdr.h.a;
        s = s & hdr.h.a;
        bool less = s < hdr.h.a;
        s = hdr.h.a[3:0] ++ hdr.h.a[3:0];
        hdr.h.a = s >> 1;
    }
}

#include <rest.p4>
