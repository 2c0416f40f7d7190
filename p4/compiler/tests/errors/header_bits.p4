#define OWN_INGRESS
#define OWN_PARSER
#define OWN_TYPES
#define OWN_DEPARSER
#include <core.p4>
#include <v1model.p4>
header odd_t { bit<3> a; bit<7> b; }
header even_t { bit<8> a; }
struct headers { odd_t odd; even_t even; odd_t[2] odds; }
struct metadata { }
#include "../lower/parts/before.p4"

parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    state start {
        // Bits are seen one by one, but taken by bytes.
        hdr.odd = packet.lookahead<odd_t>();
        packet.extract(hdr.odds.next);
        transition accept;
    }
}
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply { hdr.odd.a = 1; }
}
#include "../lower/parts/after.p4"
