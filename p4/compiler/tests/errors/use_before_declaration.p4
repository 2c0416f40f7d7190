#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    action a() { later = 1; } bit<8> later;
    apply {
        a();
    }
}
#include "../lower/parts/after.p4"
