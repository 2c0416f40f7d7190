// Loops over a stack go through all its elements, valid or not.
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
        bit<8> sum = 0;
        bit<8> valid = 0;
        for (item_t item in hdr.items) {
            if (!item.isValid()) {
                continue;
            }
            valid = valid + 1;
            sum = sum + item.v;
        }
        hdr.end.a = valid;
        hdr.end.b = sum;
        for (bit<8> i in 0 .. 3) {
            hdr.items[i].v = i;
        }
    }
}

#include <rest.p4>
