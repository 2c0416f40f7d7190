#include <data.p4>

const bit<8> LIMIT = 5;

bit<8> f() {
    return 1;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        LIMIT = 6;
        f() = 5;
        hdr = 5;
        NoAction = 5;
        meta.x[9:9] = 1;
    }
}

#include <rest.p4>
