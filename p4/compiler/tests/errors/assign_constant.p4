#define OWN_INGRESS
#include "../lower/parts/before.p4"
const bit<8> limit = 3;
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        limit = 4;
    }
}
#include "../lower/parts/after.p4"
