// Elements chosen by a number of the packet: read, written, made valid; out of range, reads are zero and writes are lost.
#include <core.p4>
#include <v1model.p4>

header item_t {
    bit<8> v;
}

header end_t {
    bit<8> a;
    bit<8> b;
}

struct headers_t {
    item_t[4] items;
    end_t end;
}

struct metadata_t {
    bit<32> count;
    bit<32> last;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.items.next);
        transition select(hdr.items.last.v[7:7]) {
            1: start;
            default: rest;
        }
    }
    state rest {
        meta.last = hdr.items.lastIndex;
        packet.extract(hdr.end);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> at = hdr.end.a;
        hdr.end.b = hdr.items[at].v;
        if (hdr.items[at].isValid()) {
            hdr.end.b = hdr.end.b + 1;
        }
        hdr.items[at].v = 0x55;
        hdr.items[at + 1].setValid();
        hdr.items[at + 1].v = hdr.items[at].v + 1;
        hdr.items[at + 2] = hdr.items[0];
    }
}

#include <rest.p4>
