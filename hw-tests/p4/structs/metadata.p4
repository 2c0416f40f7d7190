// Structs, arrays and tuples of metadata go from the parser to the deparser.
#include <core.p4>
#include <v1model.p4>

struct inner_t {
    bit<8> x;
    bool seen;
}

header data_t {
    bit<8> a;
    bit<8> b;
}

struct headers_t {
    data_t h;
    data_t extra;
}

struct metadata_t {
    inner_t inner;
    bit<8>[2] values;
    tuple<bit<8>, bool> pair;
    data_t kept;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        meta.inner = { hdr.h.a, hdr.h.a != 0 };
        meta.values = { 3, 4 };
        meta.pair = { 7, true };
        meta.kept = hdr.h;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        meta.values[1] = meta.values[0] + meta.inner.x;
        hdr.h.b = meta.values[1] + meta.pair[0];
        if (meta.inner.seen && meta.pair[1] && meta.kept.isValid()) {
            hdr.extra = meta.kept;
            hdr.extra.b = 0xee;
        }
    }
}

#include <rest.p4>
