// The blocks that a test does not bring itself, and `main`.
#ifndef OWN_PARSER
parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    state start { transition accept; }
}
#endif
#ifndef OWN_INGRESS
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) { apply { } }
#endif
control V(inout headers hdr, inout metadata meta) { apply { } }
control E(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) { apply { } }
control C(inout headers hdr, inout metadata meta) { apply { } }
control D(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(P(), V(), I(), E(), C(), D()) main;
