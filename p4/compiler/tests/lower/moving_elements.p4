#define OWN_PARSER
#include "parts/before.p4"
// `next` is another element once the callee has extracted one: what is passed is a copy.
parser Sub(packet_in packet, out h_t h, in bit<8> before) {
    state start {
        packet.extract(h);
        transition select(h.a, before) { (1, 2): reject; default: accept; }
    }
}
parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    Sub() sub;
    state start {
        packet.extract(hdr.s.next);
        sub.apply(packet, hdr.s.next, hdr.s.last.b);
        transition accept;
    }
}
#include "parts/after.p4"
