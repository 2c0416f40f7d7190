// Headers that leave as they came, and all ways in which they do not: in another order, skipped, read twice, not emitted, made
// valid or invalid, written to in ingress and in egress.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

struct headers_t {
    byte_t front;
    byte_t a;
    byte_t b;
    byte_t c;
    byte_t silent;
}

struct metadata_t {
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.a);
        transition select(hdr.a.v) {
            1: b_and_c;
            2: c_and_b;
            3: front;
            4: silent;
            5: skip;
            6: twice;
            7: makes_valid;
            8 &&& 0xf8: b;
            default: accept;
        }
    }
    state b_and_c {
        packet.extract(hdr.b);
        packet.extract(hdr.c);
        transition accept;
    }
    state c_and_b {
        packet.extract(hdr.c);
        packet.extract(hdr.b);
        transition accept;
    }
    state front {
        packet.extract(hdr.front);
        transition accept;
    }
    state silent {
        packet.extract(hdr.silent);
        transition accept;
    }
    state skip {
        packet.advance(8);
        packet.extract(hdr.b);
        transition accept;
    }
    state twice {
        packet.extract(hdr.a);
        transition accept;
    }
    state makes_valid {
        hdr.c.setValid();
        hdr.c.v = 0x77;
        transition accept;
    }
    state b {
        packet.extract(hdr.b);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.a.v == 8) {
            hdr.b.v = hdr.b.v + 1;
        } else if (hdr.a.v == 9) {
            hdr.b.setInvalid();
            hdr.b.setValid();
            hdr.b.v = 0xee;
        } else if (hdr.a.v == 10) {
            hdr.b.setInvalid();
        } else if (hdr.a.v == 11) {
            hdr.c = hdr.b;
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.a.v == 12) {
            hdr.b.v = 0x21;
        } else if (hdr.a.v == 13) {
            truncate((bit<32>) 2);
        }
    }
}

#define OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.front);
        packet.emit(hdr.a);
        packet.emit(hdr.b);
        packet.emit(hdr.c);
    }
}

#include <rest.p4>
