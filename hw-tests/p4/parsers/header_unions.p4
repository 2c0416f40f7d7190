// A stack of header unions: each element becomes the member that was extracted.
#include <core.p4>
#include <v1model.p4>

header short_t {
    bit<8> kind;
}

header long_t {
    bit<8> kind;
    bit<16> v;
}

header_union option_t {
    short_t short;
    long_t long;
}

struct headers_t {
    option_t[3] options;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition select(packet.lookahead<bit<8>>()) {
            1: take_short;
            2: take_long;
            default: accept;
        }
    }
    state take_short {
        packet.extract(hdr.options.next.short);
        transition start;
    }
    state take_long {
        packet.extract(hdr.options.next.long);
        transition start;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.options[0].long.isValid()) {
            hdr.options[0].long.v = 0x1234;
        }
        if (hdr.options[1].short.isValid()) {
            hdr.options[1].long.setValid();
            hdr.options[1].long.kind = 0x22;
            hdr.options[1].long.v = 0x5678;
        }
    }
}

#include <rest.p4>
