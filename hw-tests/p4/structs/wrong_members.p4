#include <data.p4>

struct pair_t {
    packet_in p;
    void v;
    unknown_t u;
    pair_t again;
}

header nested_t {
    data_t inner;
    data_t[2] stack;
    error e;
    string s;
}

header_union union_t {
    bit<8> x;
    metadata_t m;
}

struct later_t {
    after_t a;
}

struct after_t {
    bit<8> x;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = 1;
    }
}

#include <rest.p4>
