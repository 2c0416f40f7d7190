// The length of an IPv4 header's options is computed from another field of it; the options are put behind the payload's first header.
#include <core.p4>
#include <v1model.p4>

header base_t {
    bit<4> version;
    bit<4> words;
    bit<8> rest;
}

header options_t {
    varbit<320> options;
}

header trailer_t {
    bit<8> v;
}

struct headers_t {
    base_t base;
    options_t options;
    trailer_t trailer;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.base);
        verify(hdr.base.words >= 5, error.HeaderTooShort);
        transition select(hdr.base.words) {
            5: trailer;
            default: options;
        }
    }
    state options {
        packet.extract(hdr.options, (bit<32>) (((bit<16>) hdr.base.words - 5) * 32));
        transition trailer;
    }
    state trailer {
        packet.extract(hdr.trailer);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error != error.NoError) {
            standard.egress_spec = 3;
        }
    }
}

#define OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.base);
        packet.emit(hdr.trailer);
        packet.emit(hdr.options);
    }
}

#include <rest.p4>
