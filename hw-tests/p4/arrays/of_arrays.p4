// Arrays of arrays: both indexes known, one of them, and none.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8>[2][3] m = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
        m[1][0] = 0x10;
        m[hdr.h.a][1] = 0x20;
        m[2][hdr.h.b] = 0x30;
        m[hdr.h.a][hdr.h.b] = m[hdr.h.a][hdr.h.b] + 1;
        hdr.h.c = m[0][0] + m[0][1] + m[1][0] + m[1][1] + m[2][0] + m[2][1];
        hdr.h.d = m[hdr.h.a][hdr.h.b];
    }
}

#include <rest.p4>
