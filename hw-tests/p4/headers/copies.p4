// Headers are copied with their validity; copies do not change with the original.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
}

struct headers_t {
    data_t x;
    data_t y;
    data_t z;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.x);
        transition select(hdr.x.a[7:7]) {
            1: more;
            default: accept;
        }
    }
    state more {
        packet.extract(hdr.y);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        data_t kept = hdr.x;
        hdr.x.a = hdr.x.a + 1;
        hdr.z = hdr.y;
        hdr.y = kept;
        kept.a = 0xff;
        if (hdr.x.a == 8) {
            data_t none;
            hdr.x = none;
        }
    }
}

#include <rest.p4>
