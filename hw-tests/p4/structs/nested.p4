// Structs within structs: copied whole, changed in parts, compared.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct outer_t {
    pair_t first;
    pair_t second;
    bool set;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        outer_t one = { { 1, 2 }, { 3, 4 }, false };
        outer_t two = one;
        two.first.x = hdr.h.a;
        one.second = two.first;
        hdr.h.b = one.second.x;
        hdr.h.c = two.second.y;
        hdr.h.d = 0;
        if (one.second == two.first) {
            hdr.h.d = hdr.h.d | 1;
        }
        if (one != two) {
            hdr.h.d = hdr.h.d | 2;
        }
        two.second = one.second;
        two.first = one.first;
        if (one == two) {
            hdr.h.d = hdr.h.d | 4;
        }
        two.set = !two.set;
        if (one == two) {
            hdr.h.d = hdr.h.d | 8;
        }
    }
}

#include <rest.p4>
