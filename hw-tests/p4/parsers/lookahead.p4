// lookahead of a number, a header and a struct reads without moving; advance moves without reading; extract(_) drops a header.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
    bit<8> b;
}

struct pair_t {
    bit<4> high;
    bit<12> low;
}

struct headers_t {
    data_t h;
    data_t copy;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    pair_t pair;
    state start {
        transition select(packet.lookahead<bit<8>>()) {
            0xaa: ahead;
            0xbb: drop_one;
            default: plain;
        }
    }
    state ahead {
        hdr.copy = packet.lookahead<data_t>();
        pair = packet.lookahead<pair_t>();
        packet.advance(8);
        packet.extract(hdr.h);
        hdr.h.a = (bit<8>) pair.high;
        hdr.h.b = pair.low[7:0];
        transition accept;
    }
    state drop_one {
        packet.extract<data_t>(_);
        transition plain;
    }
    state plain {
        packet.extract(hdr.h);
        transition accept;
    }
}

#include <rest.p4>
