#include <data.p4>

header_union numbers_t {
    bit<8> x;
}

header_union unions_t {
    nested_t u;
}

struct struct_t {
    bit<8> x;
}

header_union structs_t {
    struct_t s;
    data_t[2] stack;
}

header_union twice_t {
    data_t x;
    data_t x;
}

header holds_union_t {
    twice_t u;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
