#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x[9:2] = 1; meta.y = meta.x[2:5]; meta.flag = meta.flag[0:0] == 1;
    }
}
#include "../lower/parts/after.p4"
