// `push_front` of a stack of unions moves its next index once.
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

struct headers_t {
    byte_t last;
    either_t[3] items;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.items.next.byte);
        hdr.items.push_front(1);
        packet.extract(hdr.items.next.byte);
        hdr.last.setValid();
        hdr.last.v = (bit<8>) hdr.items.lastIndex;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error != error.NoError) {
            standard.egress_spec = 3;
        }
    }
}

#include <rest.p4>
