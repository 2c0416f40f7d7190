#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        break; continue;
    }
}
#include "../lower/parts/after.p4"
