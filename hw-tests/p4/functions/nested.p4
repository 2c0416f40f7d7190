// Functions that call functions, each with parameters of the same names, and results used at once.
#include <data.p4>

bit<8> twice(in bit<8> a) {
    return a * 2;
}

bit<8> inner(in bit<8> a, in bit<8> b) {
    return twice(a + b);
}

bit<8> outer(in bit<8> a, in bit<8> b) {
    bit<8> result = inner(a, b) + a;
    return result;
}

bit<8> add_to(inout bit<8> a, in bit<8> b) {
    a = a + b;
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = outer(hdr.h.a, 1);
        hdr.h.c = twice(twice(hdr.h.a));
        bit<8> a = 3;
        hdr.h.d = add_to(a, add_to(a, a));
        hdr.h.a = a;
    }
}

#include <rest.p4>
