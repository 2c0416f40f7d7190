#include <data.p4>

struct with_header_t {
    data_t d;
}

struct with_error_t {
    error e;
}

struct with_tuple_t {
    tuple<bit<8>> t;
}

enum Plain {
    a
}

struct with_enum_t {
    bit<8> x;
    Plain p;
}

struct outer_t {
    with_enum_t inner;
}

header wrong_t {
    with_header_t h;
    with_error_t e;
    with_tuple_t t;
    with_enum_t p;
    outer_t o;
    bit<8>[2] a;
    int n;
}

header two_t {
    varying_t v;
    varbit<8> w;
}

struct varying_t {
    varbit<8> v;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
