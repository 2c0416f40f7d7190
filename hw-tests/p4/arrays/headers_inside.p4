// Structs with headers in an array, whose elements are chosen at run time.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

header end_t {
    bit<8> at;
    bit<8> seen;
}

struct pair_t {
    item_t first;
    item_t second;
}

struct headers_t {
    end_t end;
    pair_t[2] pairs;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.end);
        packet.extract(hdr.pairs[0].first);
        packet.extract(hdr.pairs[0].second);
        packet.extract(hdr.pairs[1].first);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> at = hdr.end.at;
        hdr.end.seen = 0;
        if (hdr.pairs[at].second.isValid()) {
            hdr.end.seen = hdr.pairs[at].second.v;
            hdr.pairs[at].first.setInvalid();
        }
        hdr.pairs[at].second = { 0x55 };
    }
}

#include <rest.p4>
