// Sets of a select: values, masks, ranges, names of constants, any, and several keys at once.
#include <core.p4>
#include <v1model.p4>

const bit<8> WANTED = 0x42;
typedef bit<4> nibble_t;

header data_t {
    bit<8> a;
    nibble_t b;
    int<4> c;
    bit<8> result;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a, hdr.h.b, hdr.h.c) {
            (WANTED, _, _): wanted;
            (0xf0 &&& 0xf0, 1 .. 3, default): high;
            (1 .. 9, 0xf, -1): exactly;
            (_, 0, _): zero;
            (_, _, _): other;
        }
    }
    state wanted { hdr.h.result = 1; transition accept; }
    state high { hdr.h.result = 2; transition accept; }
    state exactly { hdr.h.result = 3; transition accept; }
    state zero { hdr.h.result = 4; transition accept; }
    state other { hdr.h.result = 5; transition accept; }
}

#include <rest.p4>
