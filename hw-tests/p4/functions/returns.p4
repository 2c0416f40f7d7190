// Functions that return early, from loops and from branches, structs and nothing.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

bit<8> first_above(in bit<8> least) {
    for (bit<8> i = 0x10; i < 0x50; i = i + 0x10) {
        if (i > least) {
            return i;
        }
    }
    return 0;
}

pair_t pair(in bit<8> n) {
    if (n == 0) {
        return { 0, 0 };
    } else {
        return { x = n, y = n / 2 };
    }
}

void clear_if(inout bit<8> n, in bool wanted) {
    if (!wanted) {
        return;
    }
    n = 0;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = first_above(hdr.h.a);
        pair_t p = pair(hdr.h.a);
        hdr.h.c = p.x;
        hdr.h.d = p.y;
        clear_if(hdr.h.c, hdr.h.a == 9);
    }
}

#include <rest.p4>
