// The errors of core.p4 that a parser meets, each told to ingress.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> what;
}

header two_t {
    bit<16> v;
}

header varying_t {
    varbit<16> v;
}

struct headers_t {
    data_t h;
    two_t two;
    varying_t v;
    data_t[1] stack;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.what) {
            0: accept;
            1: short;
            3: stack;
            4: long;
            5: odd;
            6: fits;
        }
    }
    state short {
        packet.extract(hdr.two);
        transition accept;
    }
    state stack {
        packet.extract(hdr.stack.next);
        packet.extract(hdr.stack.next);
        transition accept;
    }
    state long {
        packet.extract(hdr.v, 24);
        transition accept;
    }
    state odd {
        packet.extract(hdr.v, 12);
        transition accept;
    }
    state fits {
        packet.extract(hdr.v, 16);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        error e = standard.parser_error;
        if (e == error.NoError) {
            standard.egress_spec = 1;
        } else if (e == error.PacketTooShort) {
            standard.egress_spec = 2;
        } else if (e == error.NoMatch) {
            standard.egress_spec = 3;
        } else if (e == error.StackOutOfBounds) {
            standard.egress_spec = 4;
        } else if (e == error.HeaderTooShort) {
            standard.egress_spec = 5;
        } else if (e == error.ParserInvalidArgument) {
            standard.egress_spec = 6;
        }
    }
}

#include <rest.p4>
