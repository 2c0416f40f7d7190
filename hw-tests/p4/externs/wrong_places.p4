// Calls that stand in another block than theirs.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        recirculate_preserving_field_list(1);
        clone(CloneType.E2E, 1);
        verify_checksum(true, { hdr.h.a }, hdr.h.b, HashAlgorithm.csum16);
        verify(true, error.NoError);
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        resubmit_preserving_field_list(1);
        clone_preserving_field_list(CloneType.I2E, 1, 1);
        update_checksum(true, { hdr.h.a }, hdr.h.b, HashAlgorithm.csum16);
    }
}

#include <rest.p4>
