// Generic blocks made without type arguments: the package says what they are.
#include <data.p4>

control Mark<T>(inout T x)(T by) {
    apply {
        x = by;
    }
}

control Pass<H>(inout H hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Mark<bit<8>>(5) mark;
    apply {
        mark.apply(meta.x);
        standard.egress_spec = 1;
    }
}

control Sums<H, M>(inout H hdr, inout M meta) {
    apply {}
}

parser Read(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

control Last<M>(inout headers_t hdr, inout M meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.d = (bit<8>) standard.egress_port;
    }
}

control Write<H>(packet_out packet, in H hdr) {
    apply {
        packet.emit(hdr);
    }
}

V1Switch<headers_t, metadata_t>(Read(), Sums(), Pass(), Last(), Sums(), Write()) main;
