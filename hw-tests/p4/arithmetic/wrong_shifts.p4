#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> by = 1;
        hdr.h.a = hdr.h.a << by;
        hdr.h.a = hdr.h.a >> -1;
        hdr.h.a = 1 << hdr.h.b;
        hdr.h.a = true << 1;
        hdr.h.a = hdr.h.a << true;
    }
}

#include <rest.p4>
