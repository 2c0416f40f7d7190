// The results of apply in conditions, in variables and in switch, with labels that share a body.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action one() { hdr.h.b = 1; }
    action two() { hdr.h.b = 2; }
    action three() { hdr.h.b = 3; }
    table t {
        key = { hdr.h.a: exact; }
        actions = { one; two; three; @defaultonly NoAction; }
        const entries = {
            1: one();
            2: two();
            3: three();
        }
    }
    table u {
        key = { hdr.h.d: exact; }
        actions = { NoAction; }
        const entries = { 7: NoAction(); }
    }
    apply {
        switch (t.apply().action_run) {
            one:
            two: { hdr.h.c = 0x12; }
            three: { hdr.h.c = 0x33; }
            default: { hdr.h.c = 0xdd; }
        }
        bool hit = u.apply().hit;
        if (hit && hdr.h.c != 0xdd) {
            hdr.h.d = 0xff;
        } else if (!hit) {
            hdr.h.d = 0;
        }
    }
}

#include <rest.p4>
