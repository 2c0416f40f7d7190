// Exit in an action that a table runs ends ingress, and egress still runs.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action stop() {
        hdr.h.b = 1;
        exit;
    }
    action go() {
        hdr.h.b = 2;
    }
    table t {
        key = { hdr.h.a: exact; }
        actions = { stop; go; }
        const default_action = go();
        const entries = { 0x55: stop(); }
    }
    apply {
        t.apply();
        hdr.h.c = 3;
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.d = 4;
    }
}

#include <rest.p4>
