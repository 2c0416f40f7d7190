// Constants of all types: numbers, `bool`, enumerations, errors, structs, tuples, lists in them, and constants made of constants.
#include <data.p4>

struct point_t {
    bit<4> x;
    bit<4> y;
}

struct nested_t {
    point_t inner;
    bool set;
}

enum bit<8> Kind {
    first = 1,
    second = 1 + 1
}

const bool YES = !false;
const point_t ORIGIN = { 1, 2 };
const nested_t NESTED = { inner = { x = 3, y = ORIGIN.y * 2 }, set = YES };
const tuple<bit<8>, bit<4>> PAIR = { 9, 2 };
const bit<8> SUM = (bit<8>) ORIGIN.x + (bit<8>) (ORIGIN.y ++ 2w1)[3:0] - 4;
const Kind KIND = Kind.second;
const error NOT_FOUND = error.NoMatch;
const bit<16> WIDE = 0x0a0b;
const bit<4> LOW = WIDE[3:0] - 6;
const tuple<bit<8>, bit<8>, bit<8>> TABLE = { 1, 2, 3 };

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (YES && ORIGIN.x == 1 && PAIR[1] == 2 && NESTED.inner.y == 4) {
            hdr.h.a = SUM;
        }
        hdr.h.b = (bit<8>) KIND;
        hdr.h.c = NESTED.inner.x ++ LOW;
        hdr.h.d = (bit<8>) WIDE[15:8] + TABLE[2];
        if (NOT_FOUND != error.NoMatch || ORIGIN != { 1, 2 }) {
            hdr.h.d = 0xff;
        }
    }
}

#include <rest.p4>
