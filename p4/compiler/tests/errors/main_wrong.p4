#include "../lower/parts/before.p4"
struct other { bit<8> v; }
parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) { state start { transition accept; } }
control I(inout headers hdr, inout other meta, inout standard_metadata_t sm) { apply { } }
control V(in headers hdr, inout metadata meta) { apply { } }
control D(packet_out packet, in headers hdr) { apply { } }
V1Switch(P(), V(), I(), I(), D(), D()) main;
