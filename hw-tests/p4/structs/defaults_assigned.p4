// `...` wherever a variable of a declared type starts or is assigned: whole, behind values, in parts, in tuples and stacks.
#include <data.p4>

struct inner_t {
    bit<8> x;
    bit<8> y;
}

struct outer_t {
    inner_t first;
    bit<8> n;
    inner_t second;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        outer_t o = { { 1, ... }, ... };
        hdr.h.a = o.first.x + o.first.y + o.n + o.second.x;
        o = { second = { y = 4, ... }, n = 2, ... };
        hdr.h.b = o.first.x + o.n + o.second.y;
        o.first = { 9, 8 };
        o.second = o.first;
        o.first = ...;
        hdr.h.c = o.first.x + o.second.x;
        tuple<bit<8>, inner_t> t = { 3, ... };
        inner_t part = t[1];
        bit<8>[3] numbers = { 1, ... };
        hdr.h.d = t[0] + part.x + numbers[0] + numbers[2];
    }
}

#include <rest.p4>
