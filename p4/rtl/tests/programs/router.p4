// SPDX-License-Identifier: Apache-2.0
// A small router: every kind of table, a counter, a register array, a checksum.
#include <core.p4>
#include <v1model.p4>

header ethernet_t { bit<48> destination; bit<48> source; bit<16> kind; }
header ipv4_t {
    bit<4> version; bit<4> ihl; bit<8> service; bit<16> length; bit<16> id; bit<16> fragment;
    bit<8> ttl; bit<8> protocol; bit<16> checksum; bit<32> source; bit<32> destination;
}
struct headers_t { ethernet_t ethernet; ipv4_t ipv4; }
struct metadata_t { bit<16> hop; bit<32> seen; }

parser parse(packet_in pkt, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        pkt.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) { 0x0800: ipv4; default: accept; }
    }
    state ipv4 { pkt.extract(hdr.ipv4); transition accept; }
}

control verify(inout headers_t hdr, inout metadata_t meta) { apply {} }

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets) hits;
    register<bit<32>>(256) flows;

    action drop() { mark_to_drop(standard); }
    action to_hop(bit<16> hop) { meta.hop = hop; hits.count(); }
    action send(bit<9> port, bit<48> destination) {
        standard.egress_spec = port;
        hdr.ethernet.source = hdr.ethernet.destination;
        hdr.ethernet.destination = destination;
        hdr.ipv4.ttl = hdr.ipv4.ttl - 1;
    }

    table routes {
        key = { hdr.ipv4.destination: lpm; }
        actions = { to_hop; drop; }
        default_action = drop();
        counters = hits;
        size = 64;
    }
    table hops { key = { meta.hop: exact; } actions = { send; drop; } default_action = drop(); size = 32; }
    table refused {
        key = { hdr.ipv4.source: ternary; hdr.ipv4.protocol: ternary; }
        actions = { drop; NoAction; }
        default_action = NoAction();
        size = 16;
    }

    apply {
        if (hdr.ipv4.isValid() && hdr.ipv4.ttl > 1) {
            routes.apply();
            hops.apply();
            refused.apply();
            flows.read(meta.seen, (bit<32>) hdr.ipv4.destination[7:0]);
            flows.write((bit<32>) hdr.ipv4.destination[7:0], meta.seen + 1);
        } else {
            drop();
        }
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) { apply {} }

control compute(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum(hdr.ipv4.isValid(),
            { hdr.ipv4.version, hdr.ipv4.ihl, hdr.ipv4.service, hdr.ipv4.length, hdr.ipv4.id, hdr.ipv4.fragment,
              hdr.ipv4.ttl, hdr.ipv4.protocol, hdr.ipv4.source, hdr.ipv4.destination },
            hdr.ipv4.checksum, HashAlgorithm.csum16);
    }
}

control deparse(packet_out pkt, in headers_t hdr) { apply { pkt.emit(hdr.ethernet); pkt.emit(hdr.ipv4); } }

V1Switch(parse(), verify(), ingress(), egress(), compute(), deparse()) main;
