// A callee sees its own copies: what one parameter does is not seen through another, nor through the caller's variable.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

void add_twice(inout bit<8> a, inout bit<8> b) {
    a = a + 10;
    b = b + 1;
}

void whole_and_part(inout pair_t p, inout bit<8> x) {
    p = { 6, 7 };
    x = x + 9;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> x = hdr.h.a;
        add_twice(x, x);
        hdr.h.b = x;
        pair_t p = { 1, 2 };
        whole_and_part(p, p.x);
        hdr.h.c = p.x;
        hdr.h.d = p.y;
    }
}

#include <rest.p4>
