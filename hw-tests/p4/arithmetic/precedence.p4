// What binds tighter: unary before `*`, `*` before `+`, `+` before shifts, these before comparison, comparison before `&`, `&` before `&&`.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        hdr.h.b = 2 + 3 * a - 1;
        hdr.h.c = a + 1 << 2 - 1;
        bool mixed = a == 3 && a + 1 > 3 || a != 3 && false;
        hdr.h.d = (mixed ? 8w1 : 0) | (a & 2) << 4 | ~a >> 7 << 7;
    }
}

#include <rest.p4>
