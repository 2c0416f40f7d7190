// Entries that say nothing of priorities win in their order; where those written go against the order, there is a warning.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action b(bit<8> v) { hdr.h.b = v; }
    action c(bit<8> v) { hdr.h.c = v; }
    action d(bit<8> v) { hdr.h.d = v; }
    table unsaid {
        key = { hdr.h.a: ternary; }
        actions = { b; NoAction; }
        entries = {
            0x10 &&& 0x10: b(1);
            0x01 &&& 0x01: b(2);
            _: b(3);
        }
    }
    table against {
        key = { hdr.h.a: ternary; }
        actions = { c; NoAction; }
        entries = {
            priority = 1: 0x10 &&& 0x10: c(1);
            priority = 2: 0x01 &&& 0x01: c(2);
            priority = 0: _: c(3);
        }
    }
    table twice {
        key = { hdr.h.a: range; }
        actions = { d; NoAction; }
        largest_priority_wins = false;
        entries = {
            priority = 3: 0 .. 15: d(1);
            priority = 3: 16 .. 31: d(2);
            priority = 1: 0 .. 3: d(3);
        }
    }
    apply {
        unsaid.apply();
        against.apply();
        twice.apply();
    }
}

#include <rest.p4>
