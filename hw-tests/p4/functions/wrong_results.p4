#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

bit<8> number() {
    return 1;
}

data_t header_of() {
    return { 1, 2, 3, 4 };
}

pair_t pair() {
    return { 1, 2 };
}

void nothing() {
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h = number();
        hdr.h.a = header_of();
        bit<8> x = pair().z;
        number().a = 5;
        pair().x = 5;
        bool b = number();
        hdr.h.b = nothing() + 1;
    }
}

#include <rest.p4>
