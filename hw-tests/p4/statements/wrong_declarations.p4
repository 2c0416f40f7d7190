#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> x;
        bool x;
        unknown_t y;
        bit<8> z = z;
        const bit<8> c = x;
        data_t d = { 1, 2 };
    }
}

#include <rest.p4>
