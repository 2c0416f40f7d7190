#include <core.p4>
#include <v1model.p4>

header two_t {
    varbit<8> a;
    varbit<8> b;
}

header option_t {
    bit<8> bytes;
    varbit<32> v;
}

struct headers_t {
    option_t a;
}

struct metadata_t {
    varbit<16> narrow;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.a);
        varbit<32> ahead = packet.lookahead<varbit<32>>();
        transition select(hdr.a.v) {
            default: accept;
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    table by_options {
        key = { hdr.a.v: exact; }
        actions = { NoAction; }
    }
    apply {
        by_options.apply();
        meta.narrow = hdr.a.v;
        hdr.a.v = 5;
        hdr.a.v = hdr.a.v + hdr.a.v;
        hdr.a.v = hdr.a.v ++ hdr.a.v;
        bit<8> bits = hdr.a.v[7:0];
        bit<32> cast = (bit<32>) hdr.a.v;
        if (hdr.a.v < hdr.a.v) {}
        if (hdr.a.v == 5) {}
    }
}

#include <rest.p4>
