// `++` of numbers of both kinds: the result has the kind of the left one.
#include <core.p4>
#include <v1model.p4>

header in_t {
    bit<8> a;
    int<8> s;
}

header out_t {
    bit<16> ua;
    bit<16> us;
    bit<24> sum;
    bit<16> mixed;
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
        hdr.result.ua = hdr.h.a ++ hdr.h.s;
        int<16> signed = hdr.h.s ++ hdr.h.a;
        hdr.result.us = (bit<16>) (signed >> 4);
        hdr.result.sum = 4w1 ++ hdr.h.a ++ 12w2 + 1;
        hdr.result.mixed = hdr.h.a ++ hdr.h.a[3:0] ++ 4w0b1001;
    }
}

#include <rest.p4>
