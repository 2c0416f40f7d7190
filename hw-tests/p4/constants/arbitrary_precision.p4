// Integers without a width are computed exactly, however large.
#include <core.p4>
#include <v1model.p4>

const int BIG = 1 << 200;
const int MASK = (1 << 64) - 1;
const int HALF = BIG >> 137;
const int DIFFERENCE = BIG - (BIG - 77);
const int NEGATIVE = -5;
const int PRODUCT = 0xffff_ffff_ffff_ffff * 0x1_0000_0001;
const int QUOTIENT = PRODUCT / 0xffff_ffff;
const int REST = 1000 % 7;

header out_t {
    bit<64> mask;
    bit<64> half;
    bit<8> difference;
    bit<8> negative;
    bit<96> product;
    bit<8> rest;
    bit<8> comparison;
}

struct headers_t {
    out_t result;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.result = {
            MASK,
            HALF,
            DIFFERENCE,
            NEGATIVE + 10,
            (bit<96>) PRODUCT,
            REST,
            (bit<8>) (bit<1>) (BIG > MASK && NEGATIVE < 0 && QUOTIENT * 0xffff_ffff <= PRODUCT)
        };
    }
}

#include <rest.p4>
