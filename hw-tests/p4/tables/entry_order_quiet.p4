// Priorities that repeat and go against the order, where the program says that this is meant: no warnings.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action b(bit<8> v) { hdr.h.b = v; }
    action c(bit<8> v) { hdr.h.c = v; }
    table repeated {
        key = { hdr.h.a: ternary; }
        actions = { b; NoAction; }
        @noWarn("duplicate-priorities")
        entries = {
            priority = 7: 1: b(1);
            priority = 7: 2: b(2);
            3: b(3);
            priority = 7: 4: b(4);
        }
    }
    table reversed {
        key = { hdr.h.a: ternary; }
        actions = { c; NoAction; }
        largest_priority_wins = false;
        @noWarn("entries-out-of-priority-order")
        entries = {
            priority = 9: 4 &&& 4: c(1);
            priority = 5: 5 &&& 5: c(2);
        }
    }
    apply {
        repeated.apply();
        reversed.apply();
    }
}

#include <rest.p4>
