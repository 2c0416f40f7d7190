// Loops within loops with `break` and `continue` of the inner one, `return` out of both, loops in functions and actions.
#include <data.p4>

// i and j up to 3 with i * j == n.
bit<8> find(in bit<8> n) {
    for (bit<8> i in 1 .. 3) {
        for (bit<8> j in 1 .. 3) {
            if (i * j == n) {
                return i[3:0] ++ j[3:0];
            }
        }
    }
    return 0xff;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action count() {
        for (bit<8> i in 1 .. 5) {
            hdr.h.d = i;
        }
    }

    apply {
        count();
        hdr.h.b = find(hdr.h.a);
        bit<8> rounds = 0;
        for (bit<8> i in 0 .. 2) {
            for (bit<8> j in 0 .. 2) {
                if (j == 1) {
                    continue;
                }
                if (i == 1) {
                    break;
                }
                rounds = rounds + 1;
            }
            rounds = rounds + 0x10;
        }
        hdr.h.c = rounds;
    }
}

#include <rest.p4>
