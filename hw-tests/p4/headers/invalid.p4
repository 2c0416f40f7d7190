// Validity: the literal of an invalid header, comparisons of headers that are not valid, and header literals.
#include <core.p4>
#include <v1model.p4>

header result_t {
    bit<8> seen;
}

header data_t {
    bit<8> a;
    bit<8> b;
}

struct headers_t {
    result_t result;
    data_t h;
    data_t g;
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
    apply {
        bit<8> seen = 0;
        // Neither is valid: equal, whatever is in them.
        data_t other;
        if (hdr.g == other) {
            seen[0:0] = 1;
        }
        if (hdr.g == (data_t) {#}) {
            seen[1:1] = 1;
        }
        if (hdr.h != hdr.g) {
            seen[2:2] = 1;
        }
        other = { 1, 2 };
        if (hdr.h == other) {
            seen[3:3] = 1;
        }
        other = {#};
        if (!other.isValid()) {
            seen[4:4] = 1;
        }
        if (hdr.h == { a = 1, b = 2 }) {
            seen[5:5] = 1;
        }
        hdr.g = (data_t) { b = 3, a = 4 };
        if (hdr.g.isValid()) {
            seen[6:6] = 1;
        }
        if (hdr.h.a == 9) {
            hdr.h = {#};
        }
        hdr.result = { seen };
    }
}

#include <rest.p4>
