#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = (bit<8>) (int<16>) meta.x; meta.flag = (bool) meta.x;
    }
}
#include "../lower/parts/after.p4"
