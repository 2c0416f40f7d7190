// Varbits are equal if their lengths and their bits are; headers with varbits are compared with them.
#include <core.p4>
#include <v1model.p4>

header result_t {
    bit<8> bits;
}

header option_t {
    bit<8> kind;
    bit<8> bytes;
    varbit<128> v;
}

struct headers_t {
    result_t result;
    option_t a;
    option_t b;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition select(packet.lookahead<bit<8>>()) {
            0xff: twice;
            default: both;
        }
    }
    // The first one leaves more bytes behind than the second one has.
    state twice {
        packet.extract(hdr.a, (bit<32>) packet.lookahead<bit<16>>()[7:0] * 8);
        transition both;
    }
    state both {
        packet.extract(hdr.a, (bit<32>) packet.lookahead<bit<16>>()[7:0] * 8);
        packet.extract(hdr.b, (bit<32>) packet.lookahead<bit<16>>()[7:0] * 8);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.result.setValid();
        hdr.result.bits = 0;
        if (hdr.a.v == hdr.b.v) {
            hdr.result.bits = hdr.result.bits | 1;
        }
        if (hdr.a.v != hdr.b.v) {
            hdr.result.bits = hdr.result.bits | 2;
        }
        if (hdr.a == hdr.b) {
            hdr.result.bits = hdr.result.bits | 4;
        }
        bool same = hdr.a.v == hdr.b.v;
        hdr.result.bits[7:7] = (bit<1>) same;
    }
}

#include <rest.p4>
