// Direct counters: each entry of its table has one, those of the program and of the script.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) hits;
    action set(bit<8> v) {
        hits.count();
        hdr.h.b = v;
    }
    // Whether this counts differs: bmv2 counts every hit.
    action quiet() {}
    table t {
        key = { hdr.h.a: exact; }
        actions = { set; quiet; }
        default_action = quiet;
        counters = hits;
    }
    apply {
        t.apply();
        if (hdr.h.c == 1) {
            t.apply();
        }
    }
}

#include <rest.p4>
