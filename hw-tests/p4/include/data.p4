// For tests of one feature: packets of four bytes with names, and nothing else to think of.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
    bit<8> b;
    bit<8> c;
    bit<8> d;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    bit<8> x;
}
