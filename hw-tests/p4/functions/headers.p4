// Functions that return headers and unions, and use of what they return without a variable.
#include <data.p4>

header_union either_t {
    data_t x;
    data_t y;
}

data_t make(in bit<8> n) {
    return { n, n + 1, n + 2, n + 3 };
}

data_t none() {
    return {#};
}

either_t either(in bool first) {
    either_t u;
    if (first) {
        u.x = { 1, 2, 3, 4 };
    } else {
        u.y = { 5, 6, 7, 8 };
    }
    return u;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = make(hdr.h.a).c;
        if (make(1).isValid() && !none().isValid() && either(true).isValid()) {
            hdr.h.c = either(true).x.d;
        }
        if (make(2) == { 2, 3, 4, 5 }) {
            hdr.h.d = 1;
        }
        if (hdr.h.a == 9) {
            hdr.h = make(0x10);
        }
        if (hdr.h.a == 8) {
            hdr.h = none();
        }
    }
}

#include <rest.p4>
