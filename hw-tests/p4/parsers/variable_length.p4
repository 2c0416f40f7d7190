// A header with options of a length that another field says, and the length of the whole packet.
#include <core.p4>
#include <v1model.p4>

header options_t {
    bit<8> words;
    varbit<32> options;
}

header result_t {
    bit<8> error_seen;
    bit<32> length;
}

struct headers_t {
    result_t result;
    options_t h;
}

struct metadata_t {
    bit<32> length;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        meta.length = packet.length();
        packet.extract(hdr.h, (bit<32>) packet.lookahead<bit<8>>() * 8);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.result.setValid();
        hdr.result.length = meta.length;
        hdr.result.error_seen = standard.parser_error == error.NoError ? 8w0
            : standard.parser_error == error.HeaderTooShort ? 8w1 : 2;
    }
}

#include <rest.p4>
