// Literals: bases, separators, widths, signs, and values that do not fit.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 0xF_0 + 0b1111 - 0o17 + 8w0d9;
        int<8> s = -8s1;
        hdr.h.b = (bit<8>) (s - 8s0x0f);
        hdr.h.c = 8w255 + 8w2;
        bit<4> low = 4w0x1_2;
        int<4> high = 4s0b1111;
        hdr.h.d = low ++ (bit<4>) high;
    }
}

#include <rest.p4>
