// The blocks of the pipeline that a test has nothing to say about: it defines OWN_... for those that it writes itself.

#ifndef OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}
#endif

#ifndef OWN_VERIFY
control MyVerify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}
#endif

#ifndef OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}
#endif

#ifndef OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}
#endif

#ifndef OWN_COMPUTE
control MyCompute(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}
#endif

#ifndef OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr);
    }
}
#endif

V1Switch(MyParse(), MyVerify(), MyIngress(), MyEgress(), MyCompute(), MyDeparse()) main;
