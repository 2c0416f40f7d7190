// Clones of ingress and of egress go where their sessions say.
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
    apply {
        standard.egress_spec = 1;
        if (hdr.data.f3 != 0) {
            clone(CloneType.I2E, (bit<32>)hdr.data.f3);
        }
        // The clone of ingress has the packet as it came in.
        hdr.data.f2 = 0xffff;
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.instance_type == 0 && hdr.data.f4 != 0) {
            clone(CloneType.E2E, (bit<32>)hdr.data.f4);
            hdr.data.f1 = 1;
        } else {
            hdr.data.f1 = standard.instance_type;
        }
    }
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
