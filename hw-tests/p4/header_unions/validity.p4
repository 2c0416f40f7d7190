// At most one member of a union is valid: making one valid makes the others invalid.
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
        seen[0:0] = (bit<1>) hdr.u.isValid();
        seen[1:1] = (bit<1>) hdr.u.byte.isValid();
        seen[2:2] = (bit<1>) hdr.u.word.isValid();
        if (hdr.end.seen == 1) {
            hdr.u.word.setValid();
            hdr.u.word.kind = 2;
            hdr.u.word.v = 0xabcd;
        } else if (hdr.end.seen == 2) {
            hdr.u.byte.setInvalid();
        } else if (hdr.end.seen == 3) {
            hdr.u.byte = { 1, 0x99 };
        }
        seen[4:4] = (bit<1>) hdr.u.isValid();
        seen[5:5] = (bit<1>) hdr.u.byte.isValid();
        seen[6:6] = (bit<1>) hdr.u.word.isValid();
        hdr.end.seen = seen;
    }
}

#include <rest.p4>
