// Priorities of entries: written, continued, with a delta, and with the smallest winning.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action b(bit<8> v) { hdr.h.b = v; }
    action c(bit<8> v) { hdr.h.c = v; }
    action d(bit<8> v) { hdr.h.d = v; }
    table largest {
        key = { hdr.h.a: ternary; }
        actions = { b; NoAction; }
        entries = {
            priority = 10: 0x00 &&& 0x01: b(1);
            // 9, by the delta of one.
            0x00 &&& 0x02: b(2);
            const priority = 20: 0x04 &&& 0x04: b(3);
        }
    }
    table smallest {
        key = { hdr.h.a: ternary; }
        actions = { c; NoAction; }
        largest_priority_wins = false;
        entries = {
            priority = 10: 0x00 &&& 0x01: c(1);
            priority = 5: 0x00 &&& 0x02: c(2);
        }
    }
    table deltas {
        key = { hdr.h.a: range; }
        actions = { d; NoAction; }
        priority_delta = 10;
        largest_priority_wins = false;
        entries = {
            priority = 100: 0 .. 9: d(1);
            // 110
            0 .. 0xff: d(2);
            priority = (50 + 55): 5 .. 0x20: d(3);
        }
    }
    apply {
        largest.apply();
        smallest.apply();
        deltas.apply();
    }
}

#include <rest.p4>
