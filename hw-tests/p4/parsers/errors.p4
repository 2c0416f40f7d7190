// What ends a parser, seen in ingress: too short, no case, out of a stack, verify, reject.
#include <core.p4>
#include <v1model.p4>

error {
    Odd,
    NeverUsed
}

header tag_t {
    bit<8> kind;
    bit<8> result;
}

header byte_t {
    bit<8> v;
}

struct headers_t {
    tag_t tag;
    byte_t[2] bytes;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.tag);
        transition select(hdr.tag.kind) {
            1: one;
            2: loop;
            3: check;
            4: reject;
            5: accept;
            6: silent;
        }
    }
    state one {
        packet.extract(hdr.bytes.next);
        transition accept;
    }
    state loop {
        packet.extract(hdr.bytes.next);
        transition loop;
    }
    state check {
        packet.extract(hdr.bytes.next);
        verify(hdr.bytes.last.v[0:0] == 0, error.Odd);
        packet.extract(hdr.bytes.next);
        transition accept;
    }
    // A state without a transition rejects.
    state silent {
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error == error.NoError) {
            hdr.tag.result = 0;
        } else if (standard.parser_error == error.PacketTooShort) {
            hdr.tag.result = 1;
        } else if (standard.parser_error == error.NoMatch) {
            hdr.tag.result = 2;
        } else if (standard.parser_error == error.StackOutOfBounds) {
            hdr.tag.result = 3;
        } else if (standard.parser_error == error.Odd) {
            hdr.tag.result = 4;
        } else {
            hdr.tag.result = 5;
        }
    }
}

#include <rest.p4>
