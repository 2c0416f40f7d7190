#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    bit<8> v; bit<16> v; action a() { } action a() { }
    apply {
        v = 1;
    }
}
#include "../lower/parts/after.p4"
