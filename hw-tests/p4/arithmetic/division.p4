// Division and modulo by constants and by variables; rounding is down.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        hdr.h.a = a / 10;
        hdr.h.b = a % 10;
        hdr.h.c = a / 8;
        hdr.h.d = (a + 1) % 16;
    }
}

#include <rest.p4>
