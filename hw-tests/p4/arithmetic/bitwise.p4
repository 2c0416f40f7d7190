// The operators on bits, and how tightly they bind: `&` before `^` before `|`, all after comparison of shifts and sums.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        bit<8> b = hdr.h.b;
        hdr.h.a = a & b | ~a;
        hdr.h.b = a ^ b & 0x0f;
        hdr.h.c = a | b ^ a;
        hdr.h.d = a + 1 << 1 & 0xf0;
    }
}

#include <rest.p4>
