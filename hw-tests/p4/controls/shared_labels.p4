// Code that is put in place several times: labels that share a body with default, a key that calls a function with returns.
#include <data.p4>

bit<8> clamp(in bit<8> v) {
    if (v > 9) {
        return 9;
    }
    return v;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action add(bit<8> v) { hdr.h.b = hdr.h.b + v; }
    table t {
        key = { clamp(hdr.h.a): exact @name("a"); }
        actions = { add; NoAction; }
        const entries = { 9: add(1); 3: add(2); }
    }
    apply {
        t.apply();
        hdr.h.a = hdr.h.a - 7;
        switch (t.apply().action_run) {
            add: { hdr.h.c = 1; }
            NoAction:
            default: { hdr.h.c = clamp(hdr.h.d); }
        }
    }
}

#include <rest.p4>
