// Arguments of the package by their names, in another order; the control plane knows tables by the controls' own names.
#include <data.p4>

parser Read(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

control Sums(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control Pass(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard)(bit<8> mark) {
    action set(bit<8> v) { hdr.h.c = v; }
    table t {
        key = { hdr.h.a: exact; }
        actions = { set; NoAction; }
        default_action = NoAction();
    }
    apply {
        t.apply();
        hdr.h.b = hdr.h.b + mark;
    }
}

control Last(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

control Write(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.h);
    }
}

V1Switch<headers_t, metadata_t>(
    dep = Write(), p = Read(), vr = Sums(), eg = Last(), ck = Sums(), ig = Pass(5)
) main;
