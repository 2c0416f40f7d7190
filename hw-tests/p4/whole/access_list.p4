// An access list over addresses and ports, with counters of its entries, before a table of ports.
#include <core.p4>
#include <v1model.p4>

header packet_t {
    bit<32> src;
    bit<32> dst;
    bit<8> protocol;
    bit<16> sport;
    bit<16> dport;
}

struct headers_t {
    packet_t ip;
}

struct metadata_t {
    bit<8> rule;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ip);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets) hits;
    action permit(bit<8> rule) {
        meta.rule = rule;
        hits.count();
    }
    action deny() {
        hits.count();
        mark_to_drop(standard);
        exit;
    }
    table list {
        key = {
            hdr.ip.src: ternary;
            hdr.ip.dst: lpm;
            hdr.ip.protocol: optional;
            hdr.ip.dport: range;
        }
        actions = { permit; deny; }
        const default_action = deny();
        counters = hits;
        size = 16;
    }
    action send(bit<9> port) { standard.egress_spec = port; }
    table out_port {
        key = { meta.rule: exact; }
        actions = { send; NoAction; }
        const entries = {
            1: send(1);
            2: send(2);
        }
    }
    apply {
        list.apply();
        if (!out_port.apply().hit) {
            standard.egress_spec = 9;
        }
    }
}

#include <rest.p4>
