// Slices of fields, of variables, of constants, of slices, and of signed numbers.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<16> both = hdr.h.a ++ hdr.h.b;
        int<8> s = (int<8>) hdr.h.a;
        hdr.h.c = both[11:4];
        hdr.h.d = both[11:4][3:0] ++ s[7:4];
        hdr.h.a = (bit<8>) hdr.h.b[0:0];
        hdr.h.b = 0xabcd[15:8] ^ 16w0x1234[7:0];
    }
}

#include <rest.p4>
