#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = hdr.h.a + true;
        hdr.h.a = hdr.h.a + hdr.h.b[3:0];
        bool b = true + false;
        hdr.h.a = -true;
        hdr.h.a = !hdr.h.a;
        hdr.h.a = ~1;
        hdr.h.a = hdr.h.a && true;
    }
}

#include <rest.p4>
