#include <data.p4>

header other_t {
    bit<8> x;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h = { 1, 2, 3 };
        hdr.h = { 1, 2, 3, true };
        hdr.h = { a = 1, b = 2, c = 3, e = 4 };
        hdr.h = (other_t) { 1 };
        hdr.h = { a = 1 };
        hdr.h = hdr.h.a;
        hdr = { hdr.h, hdr.h };
        if (hdr.h == (other_t) {#}) {}
        if (hdr.h == { 1, 2 }) {}
    }
}

#include <rest.p4>
