// SPDX-License-Identifier: Apache-2.0
// IPv4 packets go by prefixes to ports, counted for each prefix; all others are dropped.
#include <core.p4>
#include <v1model.p4>

header ethernet_t {
    bit<48> destination;
    bit<48> source;
    bit<16> kind;
}

header ipv4_t {
    bit<96> begin;
    bit<32> source;
    bit<32> destination;
}

struct headers_t {
    ethernet_t ethernet;
    ipv4_t ipv4;
}

struct metadata_t { }

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) {
            0x0800: ipv4;
            default: accept;
        }
    }
    state ipv4 {
        packet.extract(hdr.ipv4);
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) { apply { } }

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) counted;
    counter(4, CounterType.packets_and_bytes) kinds;

    action drop() { mark_to_drop(standard); }
    action to_port(bit<9> port) {
        standard.egress_spec = port;
        counted.count();
    }
    table addresses {
        key = { hdr.ipv4.destination: lpm; }
        actions = { to_port; drop; }
        default_action = drop();
        counters = counted;
        size = 512;
    }
    apply {
        if (hdr.ipv4.isValid()) {
            kinds.count(1);
            addresses.apply();
        } else {
            kinds.count(0);
            drop();
        }
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers_t hdr, inout metadata_t meta) { apply { } }
control Deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.ethernet);
        packet.emit(hdr.ipv4);
    }
}

V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;
