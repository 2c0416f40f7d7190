// Action data of every type that the control plane can give: numbers, `bool`, enumerations with numbers, new types.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Kind {
    idle = 0,
    busy = 1
}

type bit<9> port_t;

header data_t {
    bit<8> key;
    Kind kind;
    int<8> level;
    bit<8> on;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(Kind kind, int<8> level, bool on, port_t port) {
        hdr.h.kind = kind;
        hdr.h.level = level;
        hdr.h.on = (bit<8>) (bit<1>) on;
        standard.egress_spec = (bit<9>) port;
    }
    table by_key {
        key = { hdr.h.key: exact; }
        actions = { set; NoAction; }
        default_action = NoAction;
        entries = {
            1: set(Kind.busy, -1, true, (port_t) 9w2);
        }
    }

    apply {
        by_key.apply();
    }
}

#include <rest.p4>
