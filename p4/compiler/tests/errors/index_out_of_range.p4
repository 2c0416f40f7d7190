#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        hdr.s[3].a = 1; hdr.h[0] = 2;
    }
}
#include "../lower/parts/after.p4"
