#include <data.p4>

bit<8> f(in bit<8> a) {
    return a;
}

bit<8> f(in bit<8> a) {
    return a + 1;
}

void twice(in bit<8> a, in bit<8> a) {
}

void defaults(in bit<8> a = 1, in bit<8> b) {
}

void changes(out bit<8> a = 5) {
    a = 1;
}

unknown_t strange(in bit<8> a) {
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = f(1);
    }
}

#include <rest.p4>
