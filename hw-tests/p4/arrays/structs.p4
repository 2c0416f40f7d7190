// Arrays of structs, arrays in structs and in metadata, and headers in arrays.
#include <data.p4>

struct state_t {
    bit<8> kind;
    bit<8>[2] values;
}

struct outer_t {
    state_t[3] states;
    bool on;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        state_t[3] states;
        states[0] = { 1, { 10, 11 } };
        states[1] = { 2, { 20, 21 } };
        states[2] = { 3, { 30, 31 } };
        bit<2> at = hdr.h.a[1:0];
        hdr.h.b = states[at].kind;
        states[at].values[hdr.h.a[4:4]] = 0x99;
        states[at].kind[3:0] = 0xf;
        states[at].values[1][7:4] = 0xa;
        hdr.h.c = states[1].values[0] + states[1].kind;
        hdr.h.d = states[2].values[1];
        outer_t o = { states, true };
        if (o.states[at] == states[1]) {
            hdr.h.d = hdr.h.d + 1;
        }
    }
}

#include <rest.p4>
