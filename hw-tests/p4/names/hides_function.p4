// A control and an action with the names of functions that v1model.p4 declares.
#include <core.p4>
#include <v1model.p4>

header octet_t { bit<8> value; }
struct headers { octet_t octet; }
struct metadata { }

parser Parse(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.octet);
        transition accept;
    }
}
control verify_checksum(inout headers hdr, inout metadata meta) { apply { } }
control update_checksum(inout headers hdr, inout metadata meta) { apply { } }
control In(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    // In a block, every name may be declared anew.
    action truncate() { hdr.octet.value = hdr.octet.value & 0x0f; }
    apply {
        truncate();
        standard.egress_spec = 2;
    }
}
control Out(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) { apply { } }
control Deparse(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(Parse(), verify_checksum(), In(), Out(), update_checksum(), Deparse()) main;
