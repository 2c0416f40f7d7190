// `in`, `out` and `inout`: copied in at the call, copied out at its end, from left to right.
#include <data.p4>

bit<8> twice(inout bit<8> a, in bit<8> b) {
    a = a * 2;
    return a + b;
}

void both(out bit<8> a, out bit<8> b) {
    b = 2;
    a = 1;
}

void fill(out bit<8> a) {
    a = 40;
    a = a + 2;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> x = hdr.h.a;
        bit<8> y = hdr.h.b;
        // The second parameter is another copy of x: it does not see the first one change.
        hdr.h.c = twice(x, x);
        hdr.h.a = x;
        both(y, y);
        hdr.h.b = y;
        bit<8> z;
        fill(z);
        hdr.h.d = z;
    }
}

#include <rest.p4>
