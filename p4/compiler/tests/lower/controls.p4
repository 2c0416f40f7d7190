#define OWN_INGRESS
#include "parts/before.p4"
// Sub-controls: by reference where nothing can tell, names of instances dotted, state once for each instance.
control Inner(inout h_t h, in bit<8> v, out bit<8> w)(bit<8> step, bool add) {
    register<bit<8>>(16) seen;
    action put(bit<8> value) { h.a = value + step; }
    table t {
        key = { h.b: exact; v: ternary @name("given"); }
        actions = { put; @defaultonly NoAction; }
        const default_action = NoAction();
        @name("tt") counters = direct_counter(CounterType.bytes);
    }
    apply {
        w = 0;
        if (add) { seen.write(0, v); } else { seen.read(w, 0); return; }
        t.apply();
    }
}
control Plain(inout bit<8> v)(bit<8> by) { apply { bit<8> t = v; v = t + by; } }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    Inner(3, true) one;
    @name("second") Inner(4, false) two;
    Plain(9) plain;
    apply {
        one.apply(hdr.h, meta.x, meta.y);
        two.apply(hdr.g, meta.x, meta.y);
        plain.apply(meta.x);
        plain.apply(hdr.h.a);
        one.apply(hdr.h, meta.x, meta.y);
    }
}
#include "parts/after.p4"
