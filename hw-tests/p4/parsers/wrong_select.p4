// Cases that do not fit their keys.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    value_set<bit<8>>(4) known;
    value_set<headers_t>(4) headers;
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a, hdr.h.b) {
            (1, 2, 3): accept;
            (5 .. 2, _): accept;
            (known, 1): accept;
            (error.NoMatch, 1): accept;
            (hdr.h.c, 1): accept;
            (1, 2): nowhere;
            default: more;
        }
    }
    state more {
        transition select(5) {
            5: accept;
        }
    }
}

#include <rest.p4>
