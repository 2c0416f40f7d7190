// `push_front` and `pop_front` move elements; those that come in are invalid, those that go out are lost.
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
        if (hdr.end.a[7:4] == 1) {
            hdr.items.push_front(1);
        } else if (hdr.end.a[7:4] == 2) {
            hdr.items.push_front(3);
        } else if (hdr.end.a[7:4] == 3) {
            hdr.items.pop_front(1);
        } else if (hdr.end.a[7:4] == 4) {
            hdr.items.pop_front(2);
        } else if (hdr.end.a[7:4] == 5) {
            hdr.items.push_front(9);
        }
        if (hdr.end.a[3:0] == 1) {
            hdr.items[0].setValid();
            hdr.items[0].v = 0xee;
        }
    }
}

#include <rest.p4>
