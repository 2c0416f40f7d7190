// A register keeps what packets and scripts write.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<32> f1;
    bit<16> f2;
    bit<8>  f3;
    bit<8>  f4;
}

struct headers_t {
    data_t data;
}

struct metadata_t {
    bit<8> class;
}

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.data);
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<bit<8>>(4) cells;
    apply {
        bit<8> old;
        cells.read(old, (bit<32>)hdr.data.f3);
        cells.write((bit<32>)hdr.data.f3, hdr.data.f4);
        hdr.data.f4 = old;
        standard.egress_spec = 1;
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

control Compute(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control Deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.data);
    }
}

V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;
