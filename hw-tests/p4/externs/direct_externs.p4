// Direct counters count each hit whether an action says so or not; a direct meter is read in the actions of its table.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) silent;
    direct_counter(CounterType.packets) spoken;
    direct_meter<bit<8>>(MeterType.packets) rate;
    action one() { hdr.h.b = 1; }
    action two() { spoken.count(); hdr.h.c = 2; }
    action three() { rate.read(hdr.h.d); }
    table t {
        key = { hdr.h.a: exact; }
        actions = { one; NoAction; }
        default_action = NoAction();
        counters = silent;
    }
    table u {
        key = { hdr.h.a: exact; }
        actions = { two; NoAction; }
        default_action = NoAction();
        counters = spoken;
    }
    table v {
        key = { hdr.h.a: exact; }
        actions = { three; NoAction; }
        default_action = NoAction();
        meters = rate;
    }
    apply {
        t.apply();
        u.apply();
        v.apply();
    }
}

#include <rest.p4>
