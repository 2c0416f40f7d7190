// Checksum16, which older programs use: the ones'-complement sum of the data, complemented.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<16> x;
    bit<16> y;
    bit<16> sum;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Checksum16() sum;
    apply {
        hdr.h.sum = sum.get({ hdr.h.x, hdr.h.y });
    }
}

#include <rest.p4>
