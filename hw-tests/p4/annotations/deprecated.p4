// What is deprecated works, and is warned of once where it is used, however often its code is put in place.
#include <data.p4>

@deprecated("call twice_as_much instead")
bit<8> twice(in bit<8> x) {
    return x + x;
}

@deprecated
action old(inout bit<8> x) {
    x = 0xee;
}

bit<8> four_times(in bit<8> x) {
    return twice(twice(x));
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = four_times(hdr.h.a);
        hdr.h.b = four_times(hdr.h.b);
        old(hdr.h.c);
    }
}

#include <rest.p4>
