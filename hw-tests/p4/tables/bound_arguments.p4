// Arguments bound in the list of actions, for parameters with a direction; the others are the control plane's.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    bit<8> base = 0x40;
    action add(inout bit<8> v, in bit<8> more, bit<8> data) {
        v = v + more + data;
    }
    table left {
        key = { hdr.h.a: exact; }
        actions = { add(hdr.h.b, base); @defaultonly NoAction; }
        entries = { 1: add(hdr.h.b, base, 2); 2: add(3); }
    }
    table right {
        actions = { add(hdr.h.c, hdr.h.b); }
        default_action = add(hdr.h.c, hdr.h.b, 0x11);
    }
    apply {
        left.apply();
        base = 0x50;
        right.apply();
        hdr.h.d = base;
    }
}

#include <rest.p4>
