// Extracting one member of a union makes the one that was extracted before invalid.
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
        transition start;
    }
    state two {
        packet.extract(hdr.u.word);
        transition start;
    }
    state rest {
        packet.extract(hdr.end);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.end.seen = (bit<8>) ((bit<1>) hdr.u.byte.isValid() ++ (bit<1>) hdr.u.word.isValid());
    }
}

#include <rest.p4>
