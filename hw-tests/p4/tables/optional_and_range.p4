// Optional keys are exact or not looked at; ranges include both ends; entries of the control plane have priorities.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.d = v; }
    table t {
        key = {
            hdr.h.a: optional;
            hdr.h.b: range;
        }
        actions = { set; }
        default_action = set(0xff);
        entries = {
            (1, 0x10 .. 0x20): set(1);
            (_, 0x15): set(2);
            (2, _): set(3);
        }
    }
    apply {
        t.apply();
    }
}

#include <rest.p4>
