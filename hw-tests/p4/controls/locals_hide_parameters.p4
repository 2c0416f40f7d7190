// Locals with the names of parameters: of a control with state that is applied twice, and of a sub-parser.
#include <data.p4>

#define OWN_PARSER
parser Sub(packet_in packet, out data_t h, in bit<8> from) {
    bit<8> from = from + 0x10;
    state start {
        packet.extract(h);
        h.d = from;
        transition accept;
    }
}

parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Sub() sub;
    bit<8> meta = 5;
    state start {
        sub.apply(packet, hdr.h, meta);
        transition accept;
    }
}

control Step(inout bit<8> v, in bit<8> by) {
    counter(8, CounterType.packets) seen;
    bit<8> by = by + 1;
    action add() {
        v = v + by;
    }
    apply {
        seen.count((bit<32>) by);
        add();
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Step() step;
    apply {
        step.apply(hdr.h.a, 1);
        step.apply(hdr.h.b, hdr.h.c);
        standard.egress_spec = 2;
    }
}

#include <rest.p4>
