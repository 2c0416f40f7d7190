// A header that is no whole number of bytes can hold values; only packets consist of bytes.
#include <core.p4>
#include <v1model.p4>

header nibble_t { bit<3> a; bit<9> b; }
header word_t { bit<8> high; bit<8> low; }
struct headers { word_t word; }
struct metadata { nibble_t seen; nibble_t[2] kept; }

parser Parse(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    state start {
        meta.seen = packet.lookahead<nibble_t>();
        packet.extract(hdr.word);
        transition accept;
    }
}
control Verify(inout headers hdr, inout metadata meta) { apply { } }
control In(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    apply {
        meta.kept[1] = meta.seen;
        meta.kept.pop_front(1);
        if (meta.kept[0].isValid() && meta.kept[0] == meta.seen) {
            hdr.word.high = 5w0 ++ meta.kept[0].a;
            hdr.word.low = meta.kept[0].b[7:0];
        }
        standard.egress_spec = 1;
    }
}
control Out(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers hdr, inout metadata meta) { apply { } }
control Deparse(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(Parse(), Verify(), In(), Out(), Compute(), Deparse()) main;
