// What one packet leaves behind is not seen by the next one: variables, metadata, fields and what tables tell, where they are read
// without having been written.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

struct headers_t {
    byte_t kind;
    byte_t given;
    byte_t from_parser;
    byte_t from_ingress;
    byte_t from_local;
    byte_t from_field;
    byte_t from_egress;
    byte_t from_wide;
    byte_t from_action;
}

struct metadata_t {
    bit<8>   parsed;
    bit<8>   set;
    bit<300> wide;
    bit<8>   acted;
    bit<8>   late;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.kind);
        transition select(hdr.kind.v) {
            1: given;
            default: accept;
        }
    }
    state given {
        packet.extract(hdr.given);
        meta.parsed = hdr.given.v;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    bit<8> local;

    action act() {
        meta.acted = 0x66;
    }

    table acts {
        key = { hdr.kind.v: exact; }
        actions = { act; NoAction; }
        default_action = NoAction();
        const entries = { 1: act(); }
    }

    apply {
        if (hdr.kind.v == 1) {
            meta.set = 0x11;
            local = 0x22;
            meta.wide = 300w0x33 << 200;
            meta.late = 0x44;
        }
        acts.apply();
        hdr.from_parser.setValid();
        hdr.from_parser.v = meta.parsed;
        hdr.from_ingress.setValid();
        hdr.from_ingress.v = meta.set;
        hdr.from_local.setValid();
        hdr.from_local.v = local;
        hdr.from_field.setValid();
        hdr.from_field.v = hdr.given.v;
        hdr.from_wide.setValid();
        hdr.from_wide.v = meta.wide[207:200];
        hdr.from_action.setValid();
        hdr.from_action.v = meta.acted;
        hdr.given.setInvalid();
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.from_egress.setValid();
        hdr.from_egress.v = meta.late;
    }
}

#include <rest.p4>
