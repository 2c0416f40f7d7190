// SPDX-License-Identifier: Apache-2.0
// A small but whole v1model program.
#include <core.p4>
#include <v1model.p4>

#define ETHERTYPE_IPV4 0x0800

typedef bit<48> mac_t;

header ethernet_t {
    mac_t dst;
    mac_t src;
    bit<16> ether_type;
}

header ipv4_t {
    bit<4> version;
    bit<4> ihl;
    bit<8> tos;
    bit<16> total_length;
    bit<16> id;
    bit<3> flags;
    bit<13> fragment;
    bit<8> ttl;
    bit<8> protocol;
    bit<16> checksum;
    bit<32> src;
    bit<32> dst;
    varbit<320> options;
}

struct headers_t {
    ethernet_t ethernet;
    ipv4_t ipv4;
}

struct metadata_t {
    bit<256> terms;
}

parser P(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.ether_type) {
            ETHERTYPE_IPV4: ipv4;
            default: accept;
        }
    }
    state ipv4 {
        packet.extract(hdr.ipv4, ((bit<32>) packet.lookahead<bit<8>>()[3:0] - 5) * 32);
        verify(hdr.ipv4.version == 4, error.NoMatch);
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control I(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) hits;
    action admit(bit<256> survivors) {
        meta.terms = meta.terms & survivors;
        hits.count();
    }
    action refuse() {
        mark_to_drop(standard);
        exit;
    }
    @name("network_port")
    table network_port {
        key = {
            standard.ingress_port: exact @name("port");
        }
        actions = {
            admit;
            @defaultonly refuse;
        }
        const default_action = refuse();
        counters = hits;
        size = 512;
    }
    apply {
        if (network_port.apply().hit && hdr.ipv4.isValid()) {
            hdr.ipv4.ttl = hdr.ipv4.ttl |-| 1;
        } else {
            return;
        }
    }
}

control E(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

control C(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum(hdr.ipv4.isValid(), { hdr.ipv4.version, hdr.ipv4.ihl, hdr.ipv4.tos }, hdr.ipv4.checksum,
                        HashAlgorithm.csum16);
    }
}

control D(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr);
    }
}

V1Switch(P(), Verify(), I(), E(), C(), D()) main;
