// Actions with parameters of every direction, called by statements and by each other.
#include <data.p4>

action swap(inout bit<8> x, inout bit<8> y) {
    bit<8> kept = x;
    x = y;
    y = kept;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action sum(in bit<8> x, in bit<8> y, out bit<8> s) {
        s = x + y;
    }
    action all(inout bit<8> x, bit<8> data) {
        sum(x, data, x);
        sum(s = hdr.h.d, x = x, y = 1);
    }
    action rotate(bit<8> data) {
        swap(hdr.h.a, hdr.h.b);
        swap(hdr.h.b, hdr.h.c);
        all(hdr.h.a, data);
    }
    table t {
        key = { hdr.h.a: exact; }
        actions = { rotate; NoAction; }
        default_action = NoAction;
    }
    apply {
        if (t.apply().miss) {
            rotate(5);
        }
    }
}

#include <rest.p4>
