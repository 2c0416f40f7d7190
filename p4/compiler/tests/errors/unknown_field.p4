#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        hdr.h.aa = 1; meta.flagg = true;
    }
}
#include "../lower/parts/after.p4"
