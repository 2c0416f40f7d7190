#include <data.p4>

bit<8> f() {
    return 1;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        const bit<8> a = hdr.h.a;
        const bit<8> b = 300;
        const bool c = 1;

        const bit<8> e = f();
    }
}

#include <rest.p4>
