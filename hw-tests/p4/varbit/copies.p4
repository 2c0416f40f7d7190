// Varbits of headers, locals and metadata are assigned to one another, length and all.
#include <core.p4>
#include <v1model.p4>

header option_t {
    bit<8> bytes;
    varbit<64> v;
}

struct headers_t {
    option_t a;
    option_t b;
}

struct metadata_t {
    varbit<64> kept;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.a, (bit<32>) packet.lookahead<bit<8>>() * 8);
        packet.extract(hdr.b, (bit<32>) packet.lookahead<bit<8>>() * 8);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        varbit<64> first = hdr.a.v;
        meta.kept = hdr.b.v;
        bit<8> bytes = hdr.a.bytes;
        hdr.a.v = meta.kept;
        hdr.a.bytes = hdr.b.bytes;
        hdr.b.v = first;
        hdr.b.bytes = bytes;
    }
}

#include <rest.p4>
