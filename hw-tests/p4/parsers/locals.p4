// Constants and variables of a parser and of its states, in states that are met several times.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

struct headers_t {
    byte_t[5] bytes;
    byte_t count;
}

struct metadata_t {
    bit<8> count;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    const bit<8> END = 0xff;
    bit<8> rounds = 0;
    state start {
        bit<8> kept = rounds;
        const bit<8> STEP = 2;
        packet.extract(hdr.bytes.next);
        kept = kept + STEP;
        rounds = kept;
        if (hdr.bytes.last.v == END) {
            rounds = rounds + 0x10;
        }
        transition select(hdr.bytes.last.v) {
            END: done;
            default: start;
        }
    }
    state done {
        meta.count = rounds;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.count.setValid();
        hdr.count.v = meta.count;
    }
}

#include <rest.p4>
