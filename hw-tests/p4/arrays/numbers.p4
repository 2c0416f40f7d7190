// Arrays of numbers: indexes known and computed, whole arrays assigned, compared and passed; out of range, reads are zero and writes are lost.
#include <data.p4>

bit<8> sum(in bit<8>[4] t) {
    bit<8> all = 0;
    for (bit<8> i in 0 .. 3) {
        all = all + t[i];
    }
    return all;
}

void turn(inout bit<8> x, inout bit<8> y) {
    bit<8> kept = x;
    x = y;
    y = kept;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8>[4] t = { 1, 2, 3, 4 };
        hdr.h.b = t[hdr.h.a];
        t[hdr.h.a + 1] = 0x77;
        t[0] = t[0] + 0x10;
        bit<8>[4] copy = t;
        hdr.h.c = sum(t);
        turn(t[hdr.h.a], t[3]);
        hdr.h.d = t[3];
        if (copy != t) {
            hdr.h.d = hdr.h.d | 0x80;
        }
        for (bit<8> x in copy) {
            hdr.h.c = hdr.h.c + (x == 0x77 ? 8w1 : 0);
        }
    }
}

#include <rest.p4>
