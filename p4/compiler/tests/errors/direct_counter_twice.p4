#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    direct_counter(CounterType.packets) d; table t { actions = { NoAction; } counters = d; } table u { actions = { NoAction; } counters = d; }
    apply {
        t.apply(); u.apply();
    }
}
#include "../lower/parts/after.p4"
