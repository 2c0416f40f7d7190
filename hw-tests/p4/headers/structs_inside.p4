// Structs as fields of headers: extracted, compared, assigned whole and in parts, emitted.
#include <core.p4>
#include <v1model.p4>

struct mac_t {
    bit<8> oui;
    bit<8> nic;
}

struct pair_t {
    mac_t dst;
    mac_t src;
}

enum bit<8> Kind {
    plain = 1,
    tagged = 2
}

header ethernet_t {
    pair_t address;
    bool marked;
    bit<7> flags;
    Kind kind;
}

struct headers_t {
    ethernet_t ethernet;
    ethernet_t copy;
}

struct metadata_t {
    mac_t kept;
}

mac_t next(in mac_t from) {
    return { oui = from.oui, nic = from.nic + 1 };
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action to(bit<9> port) {
        standard.egress_spec = port;
    }
    table by_destination {
        key = {
            hdr.ethernet.address.dst.oui: exact;
            hdr.ethernet.kind: exact;
        }
        actions = { to; NoAction; }
        const entries = {
            (0xaa, Kind.tagged): to(2);
        }
        default_action = NoAction;
    }
    apply {
        by_destination.apply();
        hdr.copy = hdr.ethernet;
        if (hdr.ethernet.address.dst == hdr.ethernet.address.src) {
            hdr.copy.marked = true;
            hdr.copy.address.dst = { 1, 2 };
        } else {
            meta.kept = hdr.ethernet.address.dst;
            hdr.copy.address.dst = hdr.ethernet.address.src;
            hdr.copy.address.src = next(meta.kept);
            hdr.copy.marked = false;
        }
        if (hdr.copy.address == { { 1, 2 }, hdr.ethernet.address.src }) {
            hdr.copy.kind = Kind.plain;
        }
        if (hdr.copy == hdr.ethernet) {
            hdr.copy.setInvalid();
        }
    }
}

#include <rest.p4>
