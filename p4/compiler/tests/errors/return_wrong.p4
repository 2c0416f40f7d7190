#define OWN_INGRESS
#include "../lower/parts/before.p4"
bit<8> f(in bit<8> v) { if (v == 1) { return; } return true; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = f(1); return 1;
    }
}
#include "../lower/parts/after.p4"
