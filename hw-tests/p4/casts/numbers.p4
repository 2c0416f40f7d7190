// Casts between numbers: cut, extended by zeros or by the sign, and between the two kinds of one width.
#include <core.p4>
#include <v1model.p4>

header in_t {
    bit<8> a;
    int<8> s;
}

header out_t {
    bit<4> cut;
    bit<12> extended;
    int<16> signed;
    bit<16> through;
    bit<8> same;
    int<4> signed_cut;
    int<4> pad;
}

struct headers_t {
    in_t h;
    out_t result;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.result.setValid();
        hdr.result.cut = (bit<4>) hdr.h.a;
        hdr.result.extended = (bit<12>) hdr.h.a;
        hdr.result.signed = (int<16>) hdr.h.s;
        hdr.result.through = (bit<16>) (int<16>) hdr.h.s;
        hdr.result.same = (bit<8>) hdr.h.s;
        hdr.result.signed_cut = (int<4>) hdr.h.s;
        hdr.result.pad = -1;
    }
}

#include <rest.p4>
