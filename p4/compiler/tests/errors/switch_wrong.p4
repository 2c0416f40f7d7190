#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    action a() { } action b() { } table t { actions = { a; NoAction; } }
    apply {
        switch (t.apply().action_run) { b: { } a: { } a: { } } switch (meta.x) { 1: { } 1: { } default: { } }
    }
}
#include "../lower/parts/after.p4"
