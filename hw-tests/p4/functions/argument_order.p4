// Arguments are evaluated from left to right; each `in` and `inout` one keeps the value that it had then.
#include <data.p4>

bit<8> up(inout bit<8> n) {
    n = n + 1;
    return n;
}

bit<8> minus(in bit<8> a, in bit<8> b) {
    return a - b;
}

bit<8> add_to(inout bit<8> a, in bit<8> b) {
    a = a + b;
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> n = hdr.h.a;
        hdr.h.b = minus(n, up(n));
        hdr.h.c = minus(up(n), n);
        n = 5;
        hdr.h.d = add_to(n, up(n));
        hdr.h.a = n;
        bit<8>[2] t = { 1, 2 };
        bit<8> i = 0;
        hdr.h.a = hdr.h.a + add_to(t[i], up(i)) + t[0];
    }
}

#include <rest.p4>
