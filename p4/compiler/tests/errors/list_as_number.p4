#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = { 1, 2 }; meta.x = hdr.h;
    }
}
#include "../lower/parts/after.p4"
