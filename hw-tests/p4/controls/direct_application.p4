// Control.apply(...) makes an instance for that one place.
#include <data.p4>

control Increment(inout bit<8> v) {
    bit<8> step = 1;
    apply {
        v = v + step;
        step = 0x40;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        Increment.apply(hdr.h.a);
        Increment.apply(hdr.h.a);
        Increment.apply(hdr.h.d);
    }
}

#include <rest.p4>
