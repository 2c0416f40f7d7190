// Registers of structs, headers' numbers, signed numbers, `bool` and enumerations.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Kind {
    idle = 0,
    busy = 1
}

struct state_t {
    bit<8> count;
    bool seen;
    int<7> level;
    Kind kind;
}

header data_t {
    bit<8> cell;
    bit<8> count;
    bit<8> seen;
    bit<8> level;
    bit<8> kind;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<state_t>(4) states;

    apply {
        state_t state;
        states.read(state, (bit<32>) hdr.h.cell);
        hdr.h.count = state.count;
        hdr.h.seen = (bit<8>) (bit<1>) state.seen;
        hdr.h.level = (bit<8>) (int<8>) state.level;
        hdr.h.kind = state.kind;
        state.count = state.count + 1;
        state.seen = true;
        state.level = state.level - 2;
        states.write((bit<32>) hdr.h.cell, state);
        if (state.count == 2) {
            states.write((bit<32>) hdr.h.cell + 1, { 9, false, 5, Kind.busy });
        }
    }
}

#include <rest.p4>
