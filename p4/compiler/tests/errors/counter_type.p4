#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    counter(10, CounterType.packet) c;
    apply {
        c.count(1);
    }
}
#include "../lower/parts/after.p4"
