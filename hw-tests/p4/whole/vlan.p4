// VLAN tags put on, taken off and changed by tables of both directions.
#include <core.p4>
#include <v1model.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
}

header tag_t {
    bit<16> kind;
    bit<3> priority;
    bit<1> cfi;
    bit<12> id;
}

header kind_t {
    bit<16> kind;
}

struct headers_t {
    ethernet_t ethernet;
    tag_t[2] tags;
    kind_t kind;
}

struct metadata_t {
    bit<12> id;
    bool tagged;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition further;
    }
    state further {
        transition select(packet.lookahead<bit<16>>()) {
            0x8100 .. 0x8101: tag;
            0x88a8: tag;
            default: kind;
        }
    }
    state tag {
        packet.extract(hdr.tags.next);
        transition further;
    }
    state kind {
        packet.extract(hdr.kind);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action assign(bit<12> id) { meta.id = id; }
    table of_port {
        key = { standard.ingress_port: exact; }
        actions = { assign; }
        default_action = assign(1);
    }
    apply {
        if (hdr.tags[0].isValid()) {
            meta.id = hdr.tags[0].id;
            hdr.tags.pop_front(1);
        } else {
            of_port.apply();
        }
        standard.egress_spec = (bit<9>) meta.id[3:0];
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action put_on(bit<16> kind) {
        hdr.tags.push_front(1);
        hdr.tags[0] = { kind, 0, 0, meta.id };
    }
    table tagging {
        key = {
            standard.egress_port: exact;
            meta.id: ternary;
        }
        actions = { put_on; NoAction; }
        const entries = {
            (2, 0x010 &&& 0xff0): put_on(0x88a8);
            (2, _): put_on(0x8100);
        }
    }
    apply {
        tagging.apply();
    }
}

#include <rest.p4>
