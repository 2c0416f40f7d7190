#include <core.p4>
#include <v1model.p4>

header h_t { bit<8> a; }
struct headers_t { h_t h; }
struct metadata_t {}

parser MyParser(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

control MyVerify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    // Of another kind of object: 0x02 are tables.
    @id(0x02000001)
    action first(@id(1) bit<8> x, @id(1) bit<8> y) {
        hdr.h.a = x + y;
    }

    @id("7")
    action second(@id(0) bit<8> x) {
        hdr.h.a = x;
    }

    @id(5)
    table one {
        key = { hdr.h.a: exact @id(0x1_0000_0000); }
        actions = { first; second; NoAction; }
    }

    @id(0x02000005)
    table two {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
    }

    apply {
        one.apply();
        two.apply();
    }
}

control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t std) {
    apply {}
}

control MyCompute(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control MyDeparser(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.h);
    }
}

@pkginfo[name=7, other="x"]
V1Switch(MyParser(), MyVerify(), MyIngress(), MyEgress(), MyCompute(), MyDeparser()) main;
