// `select` by `bool`, signed numbers, enumerations, errors, several keys, with masks, ranges, lists and structs.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Kind {
    idle = 0,
    busy = 1
}

struct pair_t {
    bit<8> x;
    bit<8> y;
}

header data_t {
    Kind kind;
    int<8> level;
    bit<8> x;
    bit<8> y;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    bit<9> way;
    pair_t pair;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        meta.pair = { hdr.h.x, hdr.h.y };
        transition select(hdr.h.kind, hdr.h.level) {
            (Kind.busy, -1): one;
            (_, -20 .. -10): two;
            default: further;
        }
    }
    state further {
        transition select(meta.pair.x, meta.pair.y) {
            { 7, 8 }: three;
            default: masks;
        }
    }
    state masks {
        transition select(meta.pair.x, meta.pair.y, meta.pair.x == 0x40) {
            (7, 0xf0 &&& 0xf0, false): four;
            (0x40 &&& 0x40, _, true): five;
            (_, _, _): six;
        }
    }
    state one { meta.way = 1; transition accept; }
    state two { meta.way = 2; transition accept; }
    state three { meta.way = 3; transition accept; }
    state four { meta.way = 4; transition accept; }
    state five { meta.way = 5; transition accept; }
    state six { meta.way = 6; transition accept; }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = meta.way;
    }
}

#include <rest.p4>
