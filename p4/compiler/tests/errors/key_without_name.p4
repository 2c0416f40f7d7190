#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t { key = { meta.x + 1: exact; } actions = { NoAction; } }
    apply {
        t.apply();
    }
}
#include "../lower/parts/after.p4"
