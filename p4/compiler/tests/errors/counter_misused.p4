#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    counter(10) c; direct_counter(CounterType.packets) d; register<h_t>(4) r;
    apply {
        d.count(); c.count(1);
    }
}
#include "../lower/parts/after.p4"
