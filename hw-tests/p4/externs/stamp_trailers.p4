// The broker's own trailers, made of what the packet says: form, clock, device, port and time.
#include <v1model.p4>
#include <sluice.p4>
#include "../../../p4/broker/edits/trailer.p4"

header ask_h {
    bit<8>  form;
    bit<8>  clock;
    bit<16> device;
    bit<16> port;
    bit<8>  port_bytes;
    bit<64> time_ns;
}

struct headers_t {
    ask_h ask;
}

struct metadata_t {
    bit<32> bytes;
    bit<64> head;
    bit<64> tail;
}

parser p(packet_in pkt, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        pkt.extract(hdr.ask);
        transition accept;
    }
}

control verify_nothing(inout headers_t hdr, inout metadata_t meta) {
    apply {
    }
}

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = 2;
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    build_trailer() build;
    trailer_t trailer;

    apply {
        trailer.form = hdr.ask.form[2:0];
        trailer.clock = hdr.ask.clock;
        trailer.device = hdr.ask.device;
        trailer.port = hdr.ask.port;
        trailer.port_bytes = hdr.ask.port_bytes[1:0];
        build.apply(trailer, hdr.ask.time_ns, meta.bytes, meta.head, meta.tail);
        hdr.ask.setInvalid();
        APPEND_TRAILER(meta.bytes, meta.head, meta.tail)
    }
}

control deparser(packet_out pkt, in headers_t hdr) {
    apply {
        pkt.emit(hdr.ask);
    }
}

V1Switch(p(), verify_nothing(), ingress(), egress(), verify_nothing(), deparser()) main;
