// New types made of new types, enumerations over them, and casts of constants that are cut.
#include <data.p4>

type bit<8> length_t;
type length_t meters_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        meters_t m = (meters_t) (length_t) hdr.h.a;
        length_t l = (length_t) m;
        hdr.h.b = (bit<8>) l + 1;
        if ((meters_t) (length_t) 8w5 == m) {
            hdr.h.c = (bit<8>) (bit<4>) 0xabc;
        }
        int<8> s = (int<8>) 200;
        hdr.h.d = (bit<8>) (s >> 3) + (bit<8>) (int<8>) (int<16>) s;
    }
}

#include <rest.p4>
