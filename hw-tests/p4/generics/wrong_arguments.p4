#include <data.p4>

struct value_t<T> {
    T v;
}

T pick<T>(in T a, in T b) {
    return a;
}

T make<T>() {
    T t;
    return t;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        value_t<bit<8>, bit<8>> a;
        value_t b;
        data_t<bit<8>> c;
        hdr.h.a = pick<bit<8>, bool>(1, 2);
        hdr.h.a = pick(1w1, 8w2);
        hdr.h.a = pick(1, 2);
        hdr.h.a = make();
        value_t<bool> d;
        d = { 5 };
    }
}

#include <rest.p4>
