#define OWN_INGRESS
#include "../lower/parts/before.p4"
control Nobody(inout bit<8> v) { apply { v = w; } } bit<8> nobody(in bit<8> v) { return w; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    action nowhere() { meta.x = w; }
    apply {
        
    }
}
#include "../lower/parts/after.p4"
