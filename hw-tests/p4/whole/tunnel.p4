// A tunnel: packets of one side get an outer header with the number of the other side, which is taken off there.
#include <core.p4>
#include <v1model.p4>

const bit<16> IPV4 = 0x0800;
const bit<16> TUNNEL = 0x1212;

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

header tunnel_t {
    bit<16> kind;
    bit<16> id;
}

header ipv4_t {
    bit<8> ttl;
    bit<8> protocol;
    bit<32> dst;
}

struct headers_t {
    ethernet_t ethernet;
    tunnel_t tunnel;
    ipv4_t ipv4;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) {
            TUNNEL: tunnel;
            IPV4: ipv4;
            default: accept;
        }
    }
    state tunnel {
        packet.extract(hdr.tunnel);
        transition select(hdr.tunnel.kind) {
            IPV4: ipv4;
            default: accept;
        }
    }
    state ipv4 {
        packet.extract(hdr.ipv4);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action drop() { mark_to_drop(standard); }
    action forward(bit<9> port) {
        standard.egress_spec = port;
        hdr.ipv4.ttl = hdr.ipv4.ttl - 1;
    }
    action enter(bit<16> id) {
        hdr.tunnel.setValid();
        hdr.tunnel = { hdr.ethernet.kind, id };
        hdr.ethernet.kind = TUNNEL;
    }
    action pass(bit<9> port) { standard.egress_spec = port; }
    action leave(bit<9> port) {
        standard.egress_spec = port;
        hdr.ethernet.kind = hdr.tunnel.kind;
        hdr.tunnel.setInvalid();
    }
    table routes {
        key = { hdr.ipv4.dst: lpm; }
        actions = { forward; enter; drop; }
        default_action = drop();
    }
    table tunnels {
        key = { hdr.tunnel.id: exact; }
        actions = { pass; leave; drop; }
        default_action = drop();
    }
    apply {
        if (hdr.ipv4.isValid() && !hdr.tunnel.isValid()) {
            routes.apply();
        }
        if (hdr.tunnel.isValid()) {
            tunnels.apply();
        }
    }
}

#include <rest.p4>
