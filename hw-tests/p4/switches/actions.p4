// `switch` on the action that a table ran, with labels that share a block and a default.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action one() {
        hdr.h.b = 1;
    }
    action two() {
        hdr.h.b = 2;
    }
    action three() {
        hdr.h.b = 3;
    }
    table t {
        key = { hdr.h.a: exact; }
        actions = { one; two; three; NoAction; }
        const entries = {
            1: one();
            2: two();
            3: three();
        }
        default_action = NoAction;
    }

    apply {
        switch (t.apply().action_run) {
            one:
            two: {
                hdr.h.c = 0x12;
            }
            three: {
                hdr.h.c = 0x33;
                return;
            }
            default: {
                hdr.h.c = 0xdd;
            }
        }
        hdr.h.d = 1;
    }
}

#include <rest.p4>
