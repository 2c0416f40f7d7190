// A value set without members matches nothing; the cases behind it are tried.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
    bit<8> b;
    bit<8> result;
}

struct key_t {
    @match(ternary) bit<8> a;
    bit<8> b;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    value_set<bit<8>>(4) plain;
    value_set<key_t>(4) of_struct;
    value_set<tuple<bit<8>, bit<8>>>(4) of_tuple;
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a) {
            plain: found;
            1: one;
            default: next;
        }
    }
    state next {
        transition select(hdr.h.a, hdr.h.b) {
            of_struct: found;
            of_tuple: found;
            (2, 2): two;
            default: accept;
        }
    }
    state found { hdr.h.result = 0xff; transition accept; }
    state one { hdr.h.result = 1; transition accept; }
    state two { hdr.h.result = 2; transition accept; }
}

#include <rest.p4>
