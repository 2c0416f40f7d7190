// SPDX-License-Identifier: Apache-2.0
// A table of each shape, with what counts.
#include <core.p4>
#include <v1model.p4>

header frame_t {
    bit<8> kind;
    bit<16> key;
    bit<32> word;
}

struct headers_t {
    frame_t frame;
}

struct metadata_t { }

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.frame);
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) { apply { } }

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) counted;
    counter(8, CounterType.packets_and_bytes) seen;
    register<bit<16>>(8) memory;

    action drop() { mark_to_drop(standard); }
    action forward(bit<9> port) {
        standard.egress_spec = port;
        counted.count();
    }
    action to_port(bit<9> port) { standard.egress_spec = port; }

    table exact_t {
        key = { hdr.frame.key: exact; }
        actions = { forward; drop; }
        default_action = drop();
        counters = counted;
        size = 1024;
    }
    table direct_t {
        key = { hdr.frame.kind: exact; }
        actions = { to_port; drop; }
        default_action = drop();
        size = 64;
    }
    table ternary_t {
        key = { hdr.frame.key: ternary; }
        actions = { to_port; drop; }
        default_action = drop();
        size = 1024;
    }
    table lpm_t {
        key = { hdr.frame.word: lpm; }
        actions = { to_port; drop; }
        default_action = drop();
        size = 16384;
    }
    apply {
        seen.count((bit<32>) hdr.frame.kind[2:0]);
        bit<16> before;
        memory.read(before, (bit<32>) hdr.frame.kind[2:0]);
        memory.write((bit<32>) hdr.frame.kind[2:0], before + 1);
        if (hdr.frame.kind == 1) {
            exact_t.apply();
        } else if (hdr.frame.kind == 2) {
            ternary_t.apply();
        } else if (hdr.frame.kind == 3) {
            lpm_t.apply();
        } else {
            direct_t.apply();
        }
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers_t hdr, inout metadata_t meta) { apply { } }
control Deparse(packet_out packet, in headers_t hdr) { apply { packet.emit(hdr.frame); } }

V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;
