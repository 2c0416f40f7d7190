// Return leaves the action, function or control that it stands in, and no more.
#include <data.p4>

bit<8> least(in bit<8> x, in bit<8> y) {
    if (x < y) {
        return x;
    }
    return y;
}

control Inner(inout data_t h) {
    action clear_unless_one() {
        if (h.c == 1) {
            return;
        }
        h.c = 0;
    }
    apply {
        clear_unless_one();
        if (h.d == 0xff) {
            return;
        }
        h.d = 0;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Inner() inner;
    apply {
        hdr.h.a = least(hdr.h.a, hdr.h.b);
        inner.apply(hdr.h);
        if (hdr.h.b == 0) {
            return;
        }
        hdr.h.b = 0xbb;
    }
}

#include <rest.p4>
