// A direct meter that no action of its table reads.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_meter<bit<2>>(MeterType.packets) rates;
    action pass() {}
    table t {
        key = { hdr.h.a: exact; }
        actions = { pass; }
        default_action = pass;
        meters = rates;
    }
    apply {
        t.apply();
    }
}

#include <rest.p4>
