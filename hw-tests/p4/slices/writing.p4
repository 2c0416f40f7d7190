// Slices on the left side, of slices and as `out` and `inout` arguments; the other bits stay.
#include <data.p4>

void swap(inout bit<4> x, inout bit<4> y) {
    bit<4> kept = x;
    x = y;
    y = kept;
}

void set(out bit<4> x) {
    x = 0xa;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a[7:4] = hdr.h.b[3:0];
        hdr.h.b[6:1][2:1] = 3;
        swap(hdr.h.c[3:0], hdr.h.c[7:4]);
        set(hdr.h.d[5:2]);
        meta.x = 0xff;
        meta.x[3:3] = 0;
        hdr.h.a[0:0] = meta.x[3:3];
    }
}

#include <rest.p4>
