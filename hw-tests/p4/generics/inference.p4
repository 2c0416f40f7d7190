// Types inferred from several arguments, from literals beside numbers with a width, through tuples and structs.
#include <data.p4>

struct pair_t<A, B> {
    A first;
    B second;
}

A first<A, B>(in pair_t<A, B> p) {
    return p.first;
}

T either<T>(in T a, in T b, in bool which) {
    return which ? a : b;
}

pair_t<A, B> make<A, B>(in A a, in B b) {
    return { a, b };
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = first((pair_t<bit<8>, bool>) { hdr.h.a, true });
        hdr.h.c = either(1, hdr.h.a, false);
        pair_t<bit<8>, bool> p = make(hdr.h.a, hdr.h.b == hdr.h.a);
        hdr.h.d = p.second ? p.first + 1 : 0;
    }
}

#include <rest.p4>
