// A program's errors may stand before core.p4's: those keep their numbers, and both kinds are told apart.
error {
    Early
}
#include <core.p4>
error {
    Late
}
#include <v1model.p4>

header data_t {
    bit<8> v;
}

struct headers_t {
    data_t h;
    data_t more;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        verify(hdr.h.v != 1, error.Early);
        verify(hdr.h.v != 2, error.Late);
        transition select(hdr.h.v) {
            3: another;
            default: accept;
        }
    }
    state another {
        packet.extract(hdr.more);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error == error.Early) {
            standard.egress_spec = 1;
        } else if (standard.parser_error == error.Late) {
            standard.egress_spec = 2;
        } else if (standard.parser_error == error.PacketTooShort) {
            standard.egress_spec = 3;
        } else if (standard.parser_error == error.NoError) {
            standard.egress_spec = 4;
        }
    }
}

#include <rest.p4>
