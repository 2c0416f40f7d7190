// mark_to_drop in both forms, and what is assigned behind it counts; a drop in egress is final.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = 3;
        if (hdr.h.a == 1) {
            mark_to_drop(standard);
        } else if (hdr.h.a == 2) {
            mark_to_drop(standard);
            standard.egress_spec = 4;
        } else if (hdr.h.a == 4) {
            standard.egress_spec = 511;
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = (bit<8>) standard.egress_port;
        if (hdr.h.a == 3) {
            mark_to_drop();
        }
    }
}

#include <rest.p4>
