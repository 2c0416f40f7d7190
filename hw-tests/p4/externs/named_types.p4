// Types of externs that `typedef` gives other names.
#include <data.p4>

typedef counter Count;
typedef register<bit<8>> Bytes;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Count(16, CounterType.packets) seen;
    Bytes(16) values;
    apply {
        seen.count((bit<32>) hdr.h.a);
        values.write((bit<32>) hdr.h.a, hdr.h.b);
        values.read(hdr.h.c, 3);
        standard.egress_spec = 2;
    }
}

#include <rest.p4>
