// A control that gets all headers is applied twice: each time has its own copy of the stack of unions.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

header word_t {
    bit<16> v;
}

header_union either_t {
    byte_t byte;
    word_t word;
}

header seen_t {
    bit<8> first;
    bit<8> second;
}

struct headers_t {
    seen_t seen;
    either_t[2] items;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.seen);
        packet.extract(hdr.items.next.byte);
        packet.extract(hdr.items.next.word);
        transition accept;
    }
}

control Look(inout headers_t hdr, in bit<8> add) {
    apply {
        hdr.seen.first = hdr.items[0].byte.v + add;
        hdr.seen.second = hdr.items[1].word.v[7:0] + add;
        hdr.items[0].byte.v = hdr.items[0].byte.v + 1;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Look() look;
    apply {
        look.apply(hdr, hdr.seen.first);
        look.apply(hdr, hdr.seen.first);
    }
}

#include <rest.p4>
