// The ends of a range are computed once; the variable of a loop is one of its own.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> last = hdr.h.a;
        bit<8> rounds = 0;
        for (bit<8> i in 1 .. last) {
            last = 0;
            rounds = rounds + 1;
        }
        hdr.h.b = rounds;
        bit<8> i = 7;
        for (bit<8> i in 0 .. 3) {
            hdr.h.c = i;
        }
        hdr.h.d = i;
    }
}

#include <rest.p4>
