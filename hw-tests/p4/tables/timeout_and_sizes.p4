// Properties that change nothing of what a packet meets: sizes, times to live, unknown ones.
#include <data.p4>

const bit<32> SIZE = 1 << 4;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.b = v; }
    table t {
        key = { hdr.h.a: exact; }
        actions = { set; @defaultonly NoAction; }
        const default_action = NoAction();
        size = SIZE * 2;
        support_timeout = true;
    }
    apply {
        t.apply();
    }
}

#include <rest.p4>
