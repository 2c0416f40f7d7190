// The longest prefix wins, whatever the order of the entries.
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
    action to(bit<9> port) {
        standard.egress_spec = port;
    }
    table routes {
        key = { hdr.data.f1: lpm; }
        actions = { to; }
        default_action = to(9);
    }
    apply {
        routes.apply();
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
