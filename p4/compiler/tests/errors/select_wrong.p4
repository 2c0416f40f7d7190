#define OWN_PARSER
#include "../lower/parts/before.p4"

parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    state start { transition select(meta.x, meta.z) { 1: accept; (1, 2, 3): accept; (true, 1): accept; (300 .. 2, 1): accept; (meta.x, 1): accept; default: accept; } }
}
#include "../lower/parts/after.p4"
