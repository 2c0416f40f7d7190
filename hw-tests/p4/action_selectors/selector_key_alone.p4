// A key for an action selector in a table that has none: nothing looks at it, and entries do not name it.
#include <core.p4>
#include <v1model.p4>

header flow_t { bit<8> id; bit<8> mark; }
struct headers { flow_t flow; }
struct metadata { bit<16> digest; }

parser Parse(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.flow);
        transition accept;
    }
}
control Verify(inout headers hdr, inout metadata meta) { apply { } }
control In(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    action mark(bit<8> value) { hdr.flow.mark = value; }
    table marks {
        key = {
            hdr.flow.id: exact;
            meta.digest: selector;
        }
        actions = { mark; NoAction; }
        default_action = mark(0xee);
    }
    apply {
        standard.egress_spec = 1;
        meta.digest = hdr.flow.id ++ hdr.flow.mark;
        marks.apply();
    }
}
control Out(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers hdr, inout metadata meta) { apply { } }
control Deparse(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(Parse(), Verify(), In(), Out(), Compute(), Deparse()) main;
