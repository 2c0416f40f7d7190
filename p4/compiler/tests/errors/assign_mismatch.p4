#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = meta.z; meta.flag = meta.x; meta.flag = 1;
    }
}
#include "../lower/parts/after.p4"
