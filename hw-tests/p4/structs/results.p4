// Members of what a call returns, and calls within literals.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct two_t {
    bit<8> first;
    bit<8> second;
}

struct nested_t {
    pair_t inner;
    two_t tail;
}

pair_t pair(in bit<8> n) {
    return { n, n + 1 };
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = pair(hdr.h.a).y;
        hdr.h.c = pair(pair(1).y).x + pair(2).x;
        nested_t n = { pair(3), { first = 1, second = pair(4).y } };
        hdr.h.d = n.inner.x == 0 ? 8w0 : n.inner.y + n.tail.first + n.tail.second;
    }
}

#include <rest.p4>
