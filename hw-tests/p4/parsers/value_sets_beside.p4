// Value sets for some of the keys of a select, beside other sets. Those without members match nothing: the cases behind are tried.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    value_set<bit<8>>(4) firsts;
    value_set<bit<8>>(4) seconds;
    value_set<pair_t>(4) pairs;
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a, hdr.h.b) {
            (1, 1): one;
            (firsts, 2): wrong;
            (2, seconds): wrong;
            (firsts, seconds): wrong;
            (_, 2): two;
            { 3, 3 }: three;
            pairs: wrong;
            (2, _): four;
            (9, 9): none;
            (_, 0): accept;
        }
    }
    state one { hdr.h.c = 1; transition accept; }
    state two { hdr.h.c = 2; transition accept; }
    state three { hdr.h.c = 3; transition accept; }
    state four { hdr.h.c = 4; transition accept; }
    state wrong { hdr.h.c = 0xff; transition accept; }
    state none {
        transition select(hdr.h.a, hdr.h.b) {
            (9, seconds): accept;
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.d = standard.parser_error == error.NoMatch ? 8w1 : 0;
    }
}

#include <rest.p4>
