#include <data.p4>

bit<8> f(in bit<8> a) {
    return a;
}

void g(out bit<8> a) {
    a = 1;
}

void h(inout bit<16> a) {
    a = a + 1;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = f();
        hdr.h.a = f(1, 2);
        hdr.h.a = f(true);
        hdr.h.a = f(b = 1);
        hdr.h.a = f(a = 1, a = 2);
        g(5);
        g(hdr.h.a + 1);
        hdr.h.a = g(hdr.h.b);
        h(hdr.h.a);
        nothing(1);
        hdr.h.a = hdr.h.f(1);
    }
}

#include <rest.p4>
