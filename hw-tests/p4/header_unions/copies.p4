// Unions are assigned, compared and passed on whole.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> kind;
    bit<8> v;
}

header word_t {
    bit<8> kind;
    bit<16> v;
}

header_union either_t {
    byte_t byte;
    word_t word;
}

header end_t {
    bit<8> seen;
}

struct headers_t {
    either_t u;
    either_t w;
    end_t end;
}

struct metadata_t {}

void to_word(inout either_t u) {
    bit<8> v = u.byte.v;
    u.word.setValid();
    u.word.kind = 2;
    u.word.v = (bit<16>) v;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition select(packet.lookahead<bit<8>>()) {
            1: one;
            2: two;
            default: rest;
        }
    }
    state one {
        packet.extract(hdr.u.byte);
        transition rest;
    }
    state two {
        packet.extract(hdr.u.word);
        transition rest;
    }
    state rest {
        packet.extract(hdr.end);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> seen = 0;
        seen[0:0] = (bit<1>) (hdr.u == hdr.w);
        hdr.w = hdr.u;
        seen[1:1] = (bit<1>) (hdr.u == hdr.w);
        if (hdr.end.seen == 1) {
            hdr.w.byte.v = 0x11;
        } else if (hdr.end.seen == 2) {
            to_word(hdr.w);
        } else if (hdr.end.seen == 3) {
            either_t none;
            hdr.w = none;
        } else if (hdr.end.seen == 4) {
            hdr.u = (either_t) {#};
        }
        seen[2:2] = (bit<1>) (hdr.u == hdr.w);
        seen[3:3] = (bit<1>) (hdr.w == (either_t) {#});
        hdr.end.seen = seen;
    }
}

#include <rest.p4>
