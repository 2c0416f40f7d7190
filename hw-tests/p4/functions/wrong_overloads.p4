#include <data.p4>

bit<8> f(in bit<8> a) {
    return a;
}

bit<8> f(in bit<8> a, in bit<8> b) {
    return a + b;
}

bit<8> g(in bit<8> a, in bit<8> b = 1) {
    return a + b;
}

bit<8> g(in bit<8> a) {
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = f(1, 2, 3);
        hdr.h.a = f(c = 1);
        hdr.h.a = g(1);
        hdr.h.a = f(a = 1, 2);
    }
}

#include <rest.p4>
