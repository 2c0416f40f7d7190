// Slices as targets of assignments that compute, and as arguments, chosen at run time.
#include <data.p4>

void up(inout bit<4> n) {
    n = n + 1;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a[hdr.h.d+:2] += 1;
        hdr.h.b[hdr.h.d+:4] |= 0b1010;
        up(hdr.h.c[hdr.h.d+:4]);
        int<8> s = -1;
        s[hdr.h.d+:2] = 0;
        meta.x[7:4] = (s >> 1)[3:0];
        hdr.h.d = meta.x[4+:4] ++ s[3:0];
    }
}

#include <rest.p4>
