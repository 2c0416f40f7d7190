#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
}

struct headers_t {
    data_t h;
    data_t[4] items;
    data_t[3] others;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.items);
        packet.extract(hdr.items.last);
        hdr.items.lastIndex = 1;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.items[4].a = 1;
        hdr.items[-1].a = 1;
        hdr.items.next.a = 1;
        hdr.h.a = hdr.items.last.a;
        hdr.items.push_front(hdr.h.a);
        hdr.items.push_front();
        hdr.items.pop_front(-1);
        hdr.items.size = 5;
        hdr.items.first.a = 1;
        hdr.items = hdr.others;
        hdr.items[true].a = 1;
        hdr.items.setValid();
        hdr.h[0].a = 1;
        if (hdr.items == hdr.others) {}
    }
}

#include <rest.p4>
