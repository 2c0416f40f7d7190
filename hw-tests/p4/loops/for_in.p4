// `for` in ranges, whose ends are both in, and in lists.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> sum = 0;
        for (bit<8> i in hdr.h.a .. hdr.h.b) {
            sum = sum + i;
            if (sum > 100) {
                break;
            }
        }
        hdr.h.c = sum;
        bit<8> product = 1;
        for (bit<8> n in (list<bit<8>>) { 2, 3, 5 }) {
            if (n == hdr.h.a) {
                continue;
            }
            product = product * n;
        }
        hdr.h.d = product;
        for (int<8> s in -2 .. 1) {
            hdr.h.d = hdr.h.d + 1;
        }
    }
}

#include <rest.p4>
