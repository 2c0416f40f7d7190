// Loops in actions of tables, with action data as bounds, and `return` out of them.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action sum(bit<8> last) {
        for (bit<8> i in 1 .. last) {
            hdr.h.b = hdr.h.b + i;
        }
    }
    action until(bit<8> most) {
        for (bit<8> i = 1; i < 10; i = i + 1) {
            if (i > most) {
                return;
            }
            hdr.h.b = hdr.h.b + 1;
        }
        hdr.h.b = 0xff;
    }
    table t {
        key = { hdr.h.a: exact; }
        actions = { sum; until; NoAction; }
        const entries = {
            1: sum(4);
            2: until(3);
        }
        default_action = NoAction;
    }

    apply {
        t.apply();
    }
}

#include <rest.p4>
