#define OWN_PARSER
#include "../lower/parts/before.p4"

parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    state start { meta.x = packet.lookahead(); transition accept; }
}
#include "../lower/parts/after.p4"
