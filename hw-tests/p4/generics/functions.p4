// Generic functions: types inferred from the arguments, or written.
#include <data.p4>

struct pair_t {
    bit<4> x;
    bit<4> y;
}

T larger<T>(in T a, in T b, in bool first) {
    if (first) {
        return a;
    }
    return b;
}

void exchange<T>(inout T a, inout T b) {
    T kept = a;
    a = b;
    b = kept;
}

bool same<T>(in T a, in T b) {
    return a == b;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = larger(hdr.h.a, 8w5, hdr.h.a > 5);
        bit<16> wide = larger(0x1234, (bit<16>) hdr.h.a, false);
        hdr.h.c = wide[7:0];
        pair_t p = larger((pair_t) { 1, 2 }, (pair_t) { 3, 4 }, true);
        exchange(p.x, p.y);
        hdr.h.d = p.x ++ p.y;
        if (same<bool>(true, hdr.h.a == 9)) {
            hdr.h.d = 0;
        }
    }
}

#include <rest.p4>
