// truncate cuts what is sent to a number of bytes, from ingress or egress; shorter packets stay.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.a == 1) {
            truncate(6);
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.a == 2) {
            truncate((bit<32>) hdr.h.b);
        }
    }
}

#include <rest.p4>
