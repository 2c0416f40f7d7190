// Generic functions with `out` parameters, default values and arguments by name.
#include <data.p4>

struct pair_t<A, B> {
    A first;
    B second;
}

void set<T>(out T to, in T from) {
    to = from;
}

void fill<A, B>(out pair_t<A, B> p, in A first, in B second) {
    p.first = first;
    p.second = second;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> x;
        bit<16> y;
        set(x, hdr.h.a);
        set(to = y, from = 16w0x1234);
        hdr.h.b = x;
        hdr.h.c = y[15:8] + (bit<8>) y;
        pair_t<bit<8>, bit<4>> p;
        fill(second = 4w5, first = 8w6, p = p);
        hdr.h.d = p.first + (bit<8>) p.second;
    }
}

#include <rest.p4>
