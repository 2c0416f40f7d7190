// Varbits in lists that are emitted, hashed and compared.
#include <core.p4>
#include <v1model.p4>

header option_t {
    bit<8> bytes;
    varbit<64> v;
}

header result_t {
    bit<16> sum;
    bit<8> same;
}

struct headers_t {
    result_t result;
    option_t a;
    option_t b;
}

struct metadata_t {}

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
        hdr.result.setValid();
        hash(hdr.result.sum, HashAlgorithm.csum16, 16w0, { hdr.a.v, hdr.b.v }, 32w0x10000);
        tuple<varbit<64>, bit<8>> x = { hdr.a.v, hdr.a.bytes };
        tuple<varbit<64>, bit<8>> y = { hdr.b.v, hdr.b.bytes };
        hdr.result.same = x == y ? 8w1 : 0;
    }
}

#define OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.result);
        packet.emit({ hdr.a, hdr.b });
    }
}

#include <rest.p4>
