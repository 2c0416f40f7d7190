#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    action a() { } table t { key = { meta.x: exact; } actions = { @tableonly a; @defaultonly NoAction; } default_action = a; }
    apply {
        t.apply();
    }
}
#include "../lower/parts/after.p4"
