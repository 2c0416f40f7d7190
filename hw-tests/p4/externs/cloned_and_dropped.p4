// A clone of ingress goes its own way when the original is dropped, and is the packet as it came in.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = 3;
        hdr.h.b = 0x55;
        if (hdr.h.a[0:0] == 1) {
            clone(CloneType.I2E, (bit<32>) hdr.h.a);
        }
        if (hdr.h.a[1:1] == 1) {
            mark_to_drop(standard);
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.d = standard.instance_type[7:0];
    }
}

#include <rest.p4>
