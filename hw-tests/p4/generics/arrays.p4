// Generic types with arrays and with one another, generic functions on them, and types that nest.
#include <data.p4>

struct box_t<T> {
    T[2] items;
}

struct pair_t<A, B> {
    A first;
    B second;
}

B second<A, B>(in pair_t<A, B> p) {
    return p.second;
}

T at<T>(in box_t<T> b, in bit<8> i) {
    return b.items[i];
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        box_t<bit<8>> b;
        b.items[0] = hdr.h.a;
        b.items[1] = hdr.h.a + 1;
        pair_t<bit<8>, box_t<bit<8>>> p = { 7, b };
        hdr.h.b = second(p).items[1];
        hdr.h.c = at(b, hdr.h.a);
        pair_t<pair_t<bool, bit<4>>, tuple<bit<8>, bit<8>>> q = { { true, 3 }, { 4, 5 } };
        hdr.h.d = q.first.second ++ q.second[1][3:0];
    }
}

#include <rest.p4>
