// An element chosen by an index of type int<W>, and by a serializable enumeration: a negative index is out of range.
#include <core.p4>
#include <v1model.p4>

enum int<8> slot_t { FIRST = 0, THIRD = 2, NONE = -1 }

header request_t { int<8> slot; bit<8> value; bit<8> read; }
header cell_t { bit<8> value; }
struct headers { request_t request; cell_t[3] cells; }
struct metadata { }

parser Parse(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.request);
        packet.extract(hdr.cells.next);
        packet.extract(hdr.cells.next);
        packet.extract(hdr.cells.next);
        transition accept;
    }
}
control Verify(inout headers hdr, inout metadata meta) { apply { } }
control In(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    apply {
        slot_t slot = (slot_t) hdr.request.slot;
        hdr.request.read = hdr.cells[slot].value;
        hdr.cells[hdr.request.slot].value = hdr.request.value;
        standard.egress_spec = 1;
    }
}
control Out(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers hdr, inout metadata meta) { apply { } }
control Deparse(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(Parse(), Verify(), In(), Out(), Compute(), Deparse()) main;
