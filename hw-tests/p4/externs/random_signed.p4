// random of signed numbers: bounds below zero, and on both sides of it.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> exactly;
        random(exactly, -5, -5);
        hdr.h.a = (bit<8>) exactly;
        int<8> around;
        random(around, -1, 1);
        hdr.h.b = (around >= -1 && around <= 1) ? 8w1 : 0;
        int<4> low;
        int<4> most = -7;
        random(low, -8, most);
        hdr.h.c = (low == -8 || low == -7) ? 8w1 : 0;
        int<16> wide;
        random(wide, -32768, 32767);
        hdr.h.d = (wide >= 0 || wide < 0) ? 8w1 : 0;
    }
}

#include <rest.p4>
