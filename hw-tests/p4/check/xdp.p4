// A program for p4c's XDP switch.
#include <xdp_model.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

struct headers_t {
    ethernet_t ethernet;
}

parser Read(packet_in packet, out headers_t hdr) {
    state start {
        packet.extract(hdr.ethernet);
        transition accept;
    }
}

control Switch(inout headers_t hdr, in xdp_input in_meta, out xdp_output out_meta) {
    apply {
        out_meta.output_port = in_meta.input_port;
        out_meta.output_action = xdp_action.XDP_TX;
        if (hdr.ethernet.kind == 0) {
            out_meta = { xdp_action.XDP_DROP, 0 };
        }
        bit<16> sum = csum_replace2(1, hdr.ethernet.kind, 3);
        hdr.ethernet.kind = sum ^ (bit<16>) BPF_KTIME_GET_NS();
    }
}

control Write(in headers_t hdr, packet_out packet) {
    apply {
        packet.emit(hdr);
    }
}

xdp(Read(), Switch(), Write()) main;
