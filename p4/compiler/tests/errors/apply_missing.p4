#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t { actions = { NoAction; } }
    apply {
        t();  t.aply();
    }
}
#include "../lower/parts/after.p4"
