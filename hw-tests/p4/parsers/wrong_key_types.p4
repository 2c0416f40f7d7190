#include <data.p4>

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a, hdr.h.b == 1) {
            (true, true): accept;
            (1, 1): accept;
            (1 &&& true, _): accept;
            (5 .. 2, _): accept;
            (hdr.h.c, _): accept;
            (1, true, 2): accept;
            (1, true): nowhere;
            default: more;
        }
    }
    state more {
        transition select(hdr.h) {
            default: last;
        }
    }
    state last {
        transition select(5) {
            5: accept;
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
