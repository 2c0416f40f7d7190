// Stacks of unions: elements chosen by constants and at run time, pushed, copied and compared whole.
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

header end_t {
    bit<8> what;
    bit<8> seen;
}

struct headers_t {
    end_t end;
    either_t[3] items;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.end);
        packet.extract(hdr.items.next.byte);
        packet.extract(hdr.items.next.word);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> what = hdr.end.what;
        either_t[3] copy = hdr.items;
        if (what == 1) {
            hdr.items.push_front(1);
            hdr.items[0].word = { 0xabcd };
        } else if (what == 2) {
            hdr.items.pop_front(1);
        } else if (what[7:4] == 3) {
            hdr.items[what[3:0]].byte.setValid();
            hdr.items[what[3:0]].byte.v = 0x55;
        } else if (what == 4) {
            hdr.items[2] = hdr.items[0];
        }
        bit<8> seen = 0;
        for (either_t item in hdr.items) {
            seen = seen << 2;
            if (item.byte.isValid()) {
                seen = seen | 1;
            } else if (item.isValid()) {
                seen = seen | 2;
            }
        }
        if (copy == hdr.items) {
            seen = seen | 0x80;
        }
        hdr.end.seen = seen;
    }
}

#include <rest.p4>
