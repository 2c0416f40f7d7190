// Extracting into `next` of a full stack, and reading `last` of an empty one, are errors of the parser.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

header end_t {
    bit<8> a;
    bit<8> b;
}

struct headers_t {
    item_t[2] items;
    end_t end;
}

struct metadata_t {
    bit<32> count;
    bit<32> last;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition select(packet.lookahead<bit<8>>()) {
            0: nothing;
            default: item;
        }
    }
    state nothing {
        transition select(hdr.items.last.v) {
            default: accept;
        }
    }
    state item {
        packet.extract(hdr.items.next);
        transition select(hdr.items.last.v[7:7]) {
            1: item;
            default: rest;
        }
    }
    state rest {
        packet.extract(hdr.end);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error == error.StackOutOfBounds) {
            standard.egress_spec = 3;
        }
    }
}

#include <rest.p4>
