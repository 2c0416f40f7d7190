// One instance with a table, applied to two headers in turn: the table sees each time what was given.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

struct headers_t {
    byte_t first;
    byte_t second;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.first);
        packet.extract(hdr.second);
        transition accept;
    }
}

control Translate(inout byte_t h, in bit<8> offset) {
    action set(bit<8> v) {
        h.v = v + offset;
    }
    table values {
        key = { h.v: exact @name("v"); }
        actions = { set; NoAction; }
        const entries = {
            1: set(0x10);
            2: set(0x20);
        }
    }
    apply {
        values.apply();
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Translate() translate;
    apply {
        translate.apply(hdr.first, 1);
        translate.apply(hdr.second, hdr.first.v);
    }
}

#include <rest.p4>
