#define OWN_INGRESS
#include "parts/before.p4"
// Keys of every kind, entries, bound arguments, results.
enum bit<8> Kind { low = 1, high = 200 }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    direct_counter(CounterType.packets) own;
    direct_meter<bit<8>>(MeterType.bytes) rate;
    action set(bit<8> v) { meta.x = v; own.count(); rate.read(meta.y); }
    action add(inout bit<8> to, in bit<8> by, bit<8> more) { to = to + by + more; }
    action none() { }
    table exacts {
        key = { hdr.h.a: exact; hdr.h.isValid(): exact; hdr.h.c[11:4]: exact; }
        actions = { add(meta.x, hdr.h.b); none; }
        default_action = add(meta.x, hdr.h.b, 7);
        const entries = {
            (1, true, 3) : add(5);
            (Kind.high, false, 4) : none();
        }
    }
    table ternaries {
        key = { hdr.h.a: ternary; hdr.h.c: range; hdr.h.b: optional; }
        actions = { none; set; }
        counters = own;
        meters = rate;
        size = 64;
        const entries = {
            (1 &&& 3, 5 .. 9, 1) : set(1);
            (_, _, _) : none;
            default : set(2);
        }
    }
    table prefixes {
        key = { hdr.h.c: lpm; }
        actions = { @tableonly none; NoAction; }
        largest_priority_wins = false;
        entries = {
            0x1200 &&& 0xff00 : none;
            const 0x1234 : none;
        }
    }
    table picks {
        key = { hdr.h.a: exact; hdr.h.b: selector; hdr.h.c: selector; }
        actions = { none; }
        implementation = action_selector(HashAlgorithm.crc16, 128, 10);
    }
    apply {
        if (exacts.apply().hit) { meta.flag = true; }
        if (!ternaries.apply().miss) { meta.flag = false; }
        switch (prefixes.apply().action_run) {
            none: { meta.z = 1; }
            NoAction: { meta.z = 2; }
            default: { meta.z = 3; }
        }
        picks.apply();
    }
}
#include "parts/after.p4"
