// `push_front` and `pop_front` move the next index along.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

struct headers_t {
    item_t[4] items;
    item_t index;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.items.next);
        hdr.items.push_front(1);
        packet.extract(hdr.items.next);
        hdr.items.pop_front(1);
        packet.extract(hdr.items.next);
        hdr.index.setValid();
        hdr.index.v = (bit<8>) hdr.items.lastIndex;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error == error.StackOutOfBounds) {
            standard.egress_spec = 3;
        }
    }
}

#include <rest.p4>
