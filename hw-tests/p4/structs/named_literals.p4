// Literals with names in any order, within one another, as arguments and results.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct outer_t {
    pair_t inner;
    bool on;
}

bit<8> sum(in pair_t p) {
    return p.x + p.y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        outer_t o = { on = true, inner = { y = hdr.h.b, x = hdr.h.a } };
        hdr.h.a = sum({ y = 1, x = o.inner.y });
        hdr.h.b = sum({ o.inner.x, 0x10 });
        o.inner = { x = o.inner.y, y = o.inner.x };
        hdr.h.c = o.inner.x;
        hdr.h.d = { hdr.h.c, o.inner.y } == o.inner ? 8w1 : 0;
    }
}

#include <rest.p4>
