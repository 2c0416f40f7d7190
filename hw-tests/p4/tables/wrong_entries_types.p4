#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v, bool on) {
        hdr.h.c = v;
    }
    table by_two {
        key = { hdr.h.a: exact; hdr.h.b[0:0] == 1: exact @name("one"); }
        actions = { set; NoAction; }
        const entries = {
            (1, 1): NoAction();
            (true, true): NoAction();
            (1): NoAction();
            (1, true, 2): NoAction();
            (2, true): set(1);
            (3, true): set(1, 2);
            (4, true): set(hdr.h.c, true);
            (hdr.h.a, true): set(1, true);
        }
        default_action = NoAction;
    }

    apply {
        by_two.apply();
    }
}

#include <rest.p4>
