// `for` with a condition: several variables, `break`, `continue`, no rounds, loops within loops.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> sum = 0;
        for (bit<8> i = 0, bit<8> j = 10; i < hdr.h.a; i = i + 1, j = j - 1) {
            if (i == 3) {
                continue;
            }
            if (i == 6) {
                break;
            }
            sum = sum + j;
        }
        hdr.h.b = sum;
        bit<8> pairs = 0;
        for (bit<8> i = 0; i < 4; i = i + 1) {
            for (bit<8> j = 0; j < 4; j = j + 1) {
                if (j > i) {
                    break;
                }
                pairs = pairs + 1;
            }
        }
        hdr.h.c = pairs;
        for (; pairs > 5;) {
            pairs = pairs - 2;
        }
        hdr.h.d = pairs;
    }
}

#include <rest.p4>
