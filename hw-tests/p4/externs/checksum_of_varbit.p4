// A checksum over a header with a varbit, of no bits, and of some.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<8> words;
    bit<16> checksum;
    varbit<64> options;
}

header look_t {
    bit<8> kind;
    bit<8> words;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h, (bit<32>) packet.lookahead<look_t>().words << 4);
        transition accept;
    }
}

#define OWN_COMPUTE
control MyCompute(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum(true, { hdr.h.kind, hdr.h.words, hdr.h.options }, hdr.h.checksum, HashAlgorithm.csum16);
    }
}

#include <rest.p4>
