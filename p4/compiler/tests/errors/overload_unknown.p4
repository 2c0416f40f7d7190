#define OWN_INGRESS
#include "../lower/parts/before.p4"
void f(in bit<8> v) { } void f(in bit<8> v, in bit<8> w) { }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        f(); 
    }
}
#include "../lower/parts/after.p4"
