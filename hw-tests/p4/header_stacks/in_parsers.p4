// Local headers and stacks of a parser; extracting into elements by number beside `next`.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

struct headers_t {
    item_t[3] items;
    item_t sum;
}

struct metadata_t {
    bit<8> first;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    item_t[2] own;
    item_t one;
    state start {
        packet.extract(own.next);
        packet.extract(own.next);
        meta.first = own[0].v;
        packet.extract(hdr.items[2]);
        one = own.last;
        transition select(own.lastIndex) {
            1: more;
            default: reject;
        }
    }
    state more {
        hdr.sum.setValid();
        hdr.sum.v = one.v + own.last.v - own[1].v + 1;
        packet.extract(hdr.items.next);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.sum.v = hdr.sum.v + meta.first;
    }
}

#include <rest.p4>
