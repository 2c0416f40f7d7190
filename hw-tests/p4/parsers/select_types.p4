// A select by a condition, an enumeration, an error, a whole tuple and a validity.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Kind {
    First = 1,
    Second = 2
}

header data_t {
    Kind kind;
    bit<8> x;
    bit<8> result;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    error status = error.NoError;
    state start {
        transition select(hdr.h.isValid()) {
            true: reject;
            false: header_state;
        }
    }
    state header_state {
        packet.extract(hdr.h);
        transition select(hdr.h.kind) {
            Kind.First: first;
            Kind.Second: second;
            default: other;
        }
    }
    state first {
        transition select(hdr.h.x == 5) {
            true: five;
            _: accept;
        }
    }
    state five {
        hdr.h.result = 0x15;
        transition accept;
    }
    state second {
        status = error.NoMatch;
        transition select(status) {
            error.NoError: five;
            error.NoMatch: matched;
        }
    }
    state matched {
        hdr.h.result = 0x22;
        transition accept;
    }
    state other {
        transition select({ hdr.h.kind, hdr.h.x }) {
            { (Kind) 3, 3 }: three;
            default: accept;
        }
    }
    state three {
        hdr.h.result = 0x33;
        transition accept;
    }
}

#include <rest.p4>
