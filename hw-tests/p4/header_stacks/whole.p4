// Stacks are assigned, compared, kept in variables, passed to functions and copied element by element.
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

// The third one comes first.
void rotate(inout item_t[4] items) {
    item_t third = items[2];
    items[2] = items[1];
    items[1] = items[0];
    items[0] = third;
}

// 0 if it is invalid.
bit<8> first_of(in item_t[4] items) {
    if (items[0].isValid()) {
        return items[0].v;
    }
    return 0;
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
        item_t[4] copy = hdr.items;
        if (copy == hdr.items) {
            hdr.end.a = 1;
        }
        copy[1].v = 0x77;
        copy[1].setValid();
        if (copy != hdr.items) {
            hdr.end.a = hdr.end.a + 2;
        }
        rotate(copy);
        hdr.items = copy;
        hdr.end.b = first_of(hdr.items);
        item_t[4] empty;
        if (empty == (item_t[4]) { {#}, {#}, {#}, {#} } && !empty[3].isValid()) {
            hdr.end.a = hdr.end.a + 4;
        }
    }
}

#include <rest.p4>
