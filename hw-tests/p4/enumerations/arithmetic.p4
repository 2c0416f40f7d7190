// A serializable enumeration in arithmetic is a number of its underlying type.
#include <core.p4>
#include <v1model.p4>

enum bit<8> step_t { ONE = 1, FOUR = 4, MOST = 0xff }

header sums_t { step_t step; bit<8> sum; bit<8> shifted; bit<8> inverse; bit<8> less; }
struct headers { sums_t sums; }
struct metadata { }

parser Parse(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.sums);
        transition accept;
    }
}
control Verify(inout headers hdr, inout metadata meta) { apply { } }
control In(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) {
    apply {
        hdr.sums.sum = hdr.sums.step + step_t.FOUR;
        hdr.sums.shifted = hdr.sums.step << 1;
        hdr.sums.inverse = ~hdr.sums.step;
        hdr.sums.less = hdr.sums.step < step_t.FOUR ? 8w1 : 8w0;
        hdr.sums.step = (step_t) (hdr.sums.step |+| step_t.ONE);
        standard.egress_spec = 1;
    }
}
control Out(inout headers hdr, inout metadata meta, inout standard_metadata_t standard) { apply { } }
control Compute(inout headers hdr, inout metadata meta) { apply { } }
control Deparse(packet_out packet, in headers hdr) { apply { packet.emit(hdr); } }
V1Switch(Parse(), Verify(), In(), Out(), Compute(), Deparse()) main;
