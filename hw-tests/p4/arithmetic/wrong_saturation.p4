#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int big = 5 |+| 6;
        bool b = true |+| false;
        hdr.h.a = hdr.h.a |-| hdr.h.b[3:0];
    }
}

#include <rest.p4>
