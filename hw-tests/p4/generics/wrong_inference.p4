#include <data.p4>

struct pair_t<A, B> {
    A first;
    B second;
}

B second<A, B>(in pair_t<A, B> p) {
    return p.second;
}

bool same<T>(in T a, in T b) {
    return a == b;
}

void exchange<T>(inout T a, inout T b) {
    T kept = a;
    a = b;
    b = kept;
}

bit<8> only_here(in bit<8> a) {
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    pair_t<bool, bool> p = { true, false };

    apply {
        hdr.h.a = second({ 1, 2 });
        hdr.h.a = second(p);
        bit<8> x = same(hdr.h.a, true);
        bool b = same(hdr.h.a, hdr.h.b[3:0]);
        exchange(hdr.h.a, hdr.h.b[3:0]);
        hdr.h.a = second<bit<8>>(p);
        hdr.h.a = only_here<bit<8>>(1);
    }
}

#include <rest.p4>
