#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        entries = { 1: NoAction; }
    }
    table keyless {
        actions = { NoAction; }
        entries = { _: NoAction; }
    }
    apply {
        switch (meta.x) {
            1: { meta.y = 1; }
            default: { meta.y = 2; }
            2: { meta.y = 3; }
        }
        switch (t.apply().action_run) {
            NoAction: { meta.x = 1; }
            NoAction: { meta.x = 2; }
        }
        keyless.apply();
    }
}
#include "../lower/parts/after.p4"
