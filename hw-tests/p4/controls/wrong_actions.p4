// Actions: parameters out of order, arguments that do not fit, statements that stand elsewhere.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action out_of_order(bit<8> data, in bit<8> x) {}
    action set(inout bit<8> v, bit<8> data) { v = data; }
    action applies() { t.apply(); }
    action returns() { return 5; }
    table t {
        actions = { set(hdr.h.a); NoAction; }
        default_action = NoAction();
    }
    action applies_too() { t.apply(); }
    apply {
        set(hdr.h.a);
        set(5, 6);
        set(hdr.h.a, hdr.h);
        bit<8> x = set(hdr.h.a, 1);
        t.apply(hdr.h);
        if (t.apply()) {}
        t.set(1);
    }
}

#include <rest.p4>
