#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t { key = { meta.x: exact; } actions = { NoAction; } sizee = 5; size = meta.x; }
    apply {
        t.apply();
    }
}
#include "../lower/parts/after.p4"
