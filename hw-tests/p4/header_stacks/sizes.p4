// `size` is a constant, `lastIndex` the index of the last element that was extracted.
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
        const bit<32> most = 10 - hdr.items.size;
        hdr.end.a = (bit<8>) meta.last;
        hdr.end.b = (bit<8>) (hdr.items.size + most);
    }
}

#include <rest.p4>
