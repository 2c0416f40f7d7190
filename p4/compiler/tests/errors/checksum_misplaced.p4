#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        update_checksum(true, { meta.x }, meta.z, HashAlgorithm.csum16); recirculate_preserving_field_list(1); clone(CloneType.E2E, 1);
    }
}
#include "../lower/parts/after.p4"
