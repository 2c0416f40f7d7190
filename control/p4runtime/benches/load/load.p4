// SPDX-License-Identifier: Apache-2.0
//
// Tables that hold 100,000 entries, one of each kind that controllers fill.

#include <core.p4>
#include <v1model.p4>

header frame_t {
    bit<32> to;
    bit<32> from;
}

struct headers_t {
    frame_t frame;
}

struct metadata_t {}

parser parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.frame);
        transition accept;
    }
}

control verify_none(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action forward(bit<9> port, bit<32> from) {
        standard.egress_spec = port;
        hdr.frame.from = from;
    }
    table exact_t {
        key = { hdr.frame.to: exact; }
        actions = { forward; NoAction; }
        default_action = NoAction();
        size = 131072;
    }
    table lpm_t {
        key = { hdr.frame.to: lpm; }
        actions = { forward; NoAction; }
        default_action = NoAction();
        size = 131072;
    }
    table ternary_t {
        key = { hdr.frame.to: ternary; }
        actions = { forward; NoAction; }
        default_action = NoAction();
        size = 131072;
    }
    apply {
        exact_t.apply();
        lpm_t.apply();
        ternary_t.apply();
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

control compute_none(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.frame);
    }
}

V1Switch(parse(), verify_none(), ingress(), egress(), compute_none(), deparse()) main;
