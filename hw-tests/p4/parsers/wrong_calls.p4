// What parsers and controls cannot apply and call.
#include <data.p4>

control Inner(inout data_t h) {
    apply {}
}

parser Sub(packet_in packet, out data_t h) {
    state start {
        packet.extract(h);
        transition accept;
    }
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Inner() inner;
    Sub() sub;
    state start {
        inner.apply(hdr.h);
        sub.apply(packet);
        bit<8> x = sub.apply(packet, hdr.h);
        packet.emit(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Sub() sub;
    apply {
        sub.apply(hdr.h);
        Sub.apply(hdr.h, hdr.h);
    }
}

#include <rest.p4>
