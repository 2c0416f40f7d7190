#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t { key = { meta.x: exact; meta.z: lpm; } actions = { NoAction; } const entries = { (1): NoAction(); (_, 3): NoAction(); (1, 5 &&& 5): NoAction(); (1 .. 2, 3): NoAction(); } }
    apply {
        t.apply();
    }
}
#include "../lower/parts/after.p4"
