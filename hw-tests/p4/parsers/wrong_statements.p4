#include <data.p4>

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h.a);
        packet.extract(meta);
        packet.extract(data);
        packet.advance(true);
        packet.emit(hdr.h);
        verify(hdr.h.a, error.NoMatch);
        verify(true, 5);
        bit<8> x = packet.lookahead<bit<16>>();
        bit<8> y = packet.lookahead();
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
