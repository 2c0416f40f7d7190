#define OWN_INGRESS
#include "../lower/parts/before.p4"
void f(in bit<8> v) { v = 1; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        f(meta.x);
    }
}
#include "../lower/parts/after.p4"
