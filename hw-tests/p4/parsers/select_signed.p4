// Ranges of signed numbers from below zero to above, beside other sets.
#include <core.p4>
#include <v1model.p4>

header data_t {
    int<8> a;
    int<8> b;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    bit<9> way;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a, hdr.h.b) {
            (-3 .. 2, -1 .. 0): one;
            (_, -1 .. 5): two;
            (-128 .. -100, _): three;
            default: four;
        }
    }
    state one { meta.way = 1; transition accept; }
    state two { meta.way = 2; transition accept; }
    state three { meta.way = 3; transition accept; }
    state four { meta.way = 4; transition accept; }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = meta.way;
    }
}

#include <rest.p4>
