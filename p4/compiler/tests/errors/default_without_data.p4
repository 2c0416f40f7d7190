#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    action a(bit<8> v) { } table t { actions = { a; } default_action = a; }
    apply {
        t.apply();
    }
}
#include "../lower/parts/after.p4"
