// Numbers of more than 64 bits.
#include <core.p4>
#include <v1model.p4>

header wide_t {
    bit<128> a;
    bit<128> b;
}

header result_t {
    bit<128> sum;
    bit<128> product;
    bit<8> flags;
}

struct headers_t {
    wide_t h;
    result_t result;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.result.setValid();
        hdr.result.sum = hdr.h.a + hdr.h.b;
        hdr.result.product = hdr.h.a * hdr.h.b;
        hdr.result.flags = 0;
        hdr.result.flags[0:0] = (bit<1>) (hdr.h.a < hdr.h.b);
        hdr.result.flags[1:1] = (bit<1>) (hdr.h.a[127:64] == hdr.h.b[127:64]);
        hdr.result.flags[2:2] = (bit<1>) ((int<128>) hdr.h.a < (int<128>) hdr.h.b);
        hdr.result.flags[3:3] = hdr.h.a[100:100];
        hdr.h.a = hdr.h.a << 68;
        hdr.h.b = (hdr.h.b >> 68) |-| 1;
    }
}

#include <rest.p4>
