// Calls in conditions, indexes of slices' bases, arguments of calls, and of one function by another.
#include <data.p4>

bit<8> plus(in bit<8> a, in bit<8> b) {
    return a + b;
}

bool odd(in bit<8> a) {
    return a[0:0] == 1;
}

bit<8> max(in bit<8> a, in bit<8> b) {
    return a > b ? a : b;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (odd(hdr.h.a) && !odd(plus(hdr.h.a, 1)) || plus(1, 2) == 4) {
            hdr.h.b = plus(plus(1, 2), plus(3, plus(4, 5)));
        }
        hdr.h.c = plus(hdr.h.a, hdr.h.a)[7:4] ++ plus(hdr.h.a, 0)[3:0];
        hdr.h.d = max(max(hdr.h.a, 3), max(hdr.h.b, 9));
    }
}

#include <rest.p4>
