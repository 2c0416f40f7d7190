// The sizes of headers, unions, stacks and types, known at compile time.
#include <core.p4>
#include <v1model.p4>

header fixed_t {
    bit<8> a;
    bit<16> b;
}

header varying_t {
    bit<8> a;
    varbit<64> v;
}

header_union either_t {
    fixed_t fixed;
    varying_t varying;
}

header result_t {
    bit<8> a;
    bit<8> b;
    bit<8> c;
    bit<8> d;
    bit<8> e;
    bit<8> f;
}

struct headers_t {
    result_t result;
    varying_t v;
    fixed_t[3] s;
    either_t u;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        const bit<8> known = (bit<8>) fixed_t.minSizeInBits();
        hdr.result = {
            known,
            (bit<8>) hdr.v.minSizeInBytes(),
            (bit<8>) hdr.v.maxSizeInBytes(),
            (bit<8>) hdr.s.maxSizeInBits(),
            (bit<8>) hdr.u.maxSizeInBits(),
            (bit<8>) hdr.u.minSizeInBytes()
        };
    }
}

#include <rest.p4>
