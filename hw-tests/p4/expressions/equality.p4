// `==` and `!=` of every type, and of literals on either side.
#include <data.p4>

enum Color {
    red,
    green
}

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> n = 0;
        pair_t p = { hdr.h.a, 2 };
        Color c = hdr.h.a == 1 ? Color.green : Color.red;
        tuple<bit<8>, bool> t = { hdr.h.a, true };
        n[0:0] = (bit<1>) (p == { 1, 2 });
        n[1:1] = (bit<1>) ({ 1, 2 } != p);
        n[2:2] = (bit<1>) (c == Color.green);
        n[3:3] = (bit<1>) (t == { 1, true });
        n[4:4] = (bit<1>) ((hdr.h.a == 1) == true);
        n[5:5] = (bit<1>) (p == { y = 2, x = 1 });
        n[6:6] = (bit<1>) (hdr.h == { 1, 0, 0, 0 });
        n[7:7] = (bit<1>) (1 == hdr.h.a && error.NoError != error.NoMatch);
        hdr.h.b = n;
    }
}

#include <rest.p4>
