#include <data.p4>

T sum<T>(in T a, in T b) {
    return a - 1w1;
}

bit<8> member<T>(in T x) {
    return x.a;
}

T other<T, U>(in T a, in U b) {
    return b;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = sum(hdr.h.a, hdr.h.b);
        hdr.h.b = member(hdr.h.a);
    }
}

#include <rest.p4>
