#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = meta.x << -1; meta.y = meta.x >> (int<8>) 1;
    }
}
#include "../lower/parts/after.p4"
