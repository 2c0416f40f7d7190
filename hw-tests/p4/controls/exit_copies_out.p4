// Section 12.6: what a control or action passes out is passed out on exit, too; what stands behind is not run.
#include <data.p4>

control Inner(inout bit<8> x, out bit<8> y) {
    apply {
        x = x + 1;
        y = 0x77;
        if (x == 0x11) {
            exit;
        }
        y = 0x88;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Inner() inner;
    action leave(inout bit<8> v) {
        v = 0xee;
        exit;
    }
    apply {
        inner.apply(hdr.h.a, hdr.h.b);
        if (hdr.h.c == 0) {
            leave(hdr.h.c);
        }
        hdr.h.d = 0xdd;
    }
}

#include <rest.p4>
