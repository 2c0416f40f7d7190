// Enumerations with numbers: in headers, in `select`, `switch` and tables, with values that no member has.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Kind {
    data = 1,
    signal = 0x80,
    urgent = 0x11
}

header item_t {
    Kind kind;
    int<8> v;
}

enum int<8> Level {
    low = -1,
    high = 1
}

struct headers_t {
    item_t h;
    item_t second;
}

struct metadata_t {
    bit<8> x;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.kind) {
            Kind.signal: more;
            default: accept;
        }
    }
    state more {
        packet.extract(hdr.second);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action to(bit<9> port) {
        standard.egress_spec = port;
    }
    table by_kind {
        key = { hdr.h.kind: exact; }
        actions = { to; NoAction; }
        const entries = {
            Kind.signal: to(2);
        }
        default_action = NoAction;
    }

    apply {
        switch (hdr.h.kind) {
            Kind.data: { hdr.h.v = 1; }
            Kind.signal: { hdr.h.v = 2; }
            Kind.urgent: {}
            default: { hdr.h.v = 3; }
        }
        Level level = (Level) hdr.h.v;
        if (level == Level.low) {
            hdr.h.kind = (Kind) ((bit<8>) hdr.h.kind + 1);
        }
        if (hdr.second.isValid()) {
            hdr.second.kind = Kind.urgent;
            hdr.second.v = Level.low;
        }
        by_kind.apply();
    }
}

#include <rest.p4>
