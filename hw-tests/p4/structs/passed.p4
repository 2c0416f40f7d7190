// Structs as `in`, `out` and `inout` parameters of functions, actions and controls, with copies where they are due.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

void change(inout pair_t p, inout pair_t q) {
    p.x = q.y + 1;
    q.x = p.x;
    q.y = 1 + 4;
}

control Inner(in pair_t from, inout pair_t to) {
    apply {
        bit<8> kept = to.x;
        to = { from.x + from.y, kept };
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Inner() inner;
    action double(inout pair_t p) {
        p = { p.x * 2, p.y * 2 };
    }

    apply {
        pair_t p = { hdr.h.a, hdr.h.b };
        pair_t q = p;
        change(p, q);
        hdr.h.a = p.x;
        hdr.h.b = q.y;
        double(p);
        inner.apply(p, q);
        hdr.h.c = q.x;
        hdr.h.d = q.y;
    }
}

#include <rest.p4>
