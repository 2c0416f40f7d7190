// clone at egress: the copy is the packet as it is sent, and passes egress once more; ingress does not see it.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = hdr.h.b + 1;
        standard.egress_spec = 2;
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.c = hdr.h.c + 1;
        if (standard.instance_type == 2) {
            hdr.h.d = 0xee;
        } else if (hdr.h.a == 1) {
            clone(CloneType.E2E, 7);
        }
    }
}

#include <rest.p4>
