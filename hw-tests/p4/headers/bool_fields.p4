// Headers with fields of type `bool`: read, written, compared, selected by and matched.
#include <core.p4>
#include <v1model.p4>

header flags_t {
    bool first;
    bool second;
    bit<5> rest;
    bool last;
}

struct headers_t {
    flags_t h;
}

struct metadata_t {
    bool was;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.first) {
            true: marked;
            false: accept;
        }
    }
    state marked {
        meta.was = true;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action to(bit<9> port) {
        standard.egress_spec = port;
    }
    table by_flag {
        key = { hdr.h.first: exact; }
        actions = { to; }
        const entries = {
            true: to(1);
            false: to(0);
        }
        default_action = to(2);
    }

    apply {
        by_flag.apply();
        hdr.h.last = hdr.h.first && !hdr.h.second;
        hdr.h.first = meta.was;
        hdr.h.second = hdr.h.rest == 3;
    }
}

#include <rest.p4>
