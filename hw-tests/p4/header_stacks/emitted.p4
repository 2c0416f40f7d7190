// Stacks are emitted element by element, those that are invalid left out, wherever they stand in structs and lists.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

struct group_t {
    item_t[2] items;
    item_t end;
}

struct headers_t {
    group_t first;
    group_t second;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.first.items.next);
        packet.extract(hdr.first.items.next);
        packet.extract(hdr.first.end);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.first.items[0].setInvalid();
        hdr.second.items[1] = { 0xbb };
        hdr.second.end = { 0xcc };
    }
}

#define OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.second.end);
        packet.emit(hdr.first);
        packet.emit({ hdr.second.items, hdr.first.items[0] });
    }
}

#include <rest.p4>
