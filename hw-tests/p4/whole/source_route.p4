// Source routing: each hop takes the first label off a stack, and the last one restores the type behind it.
#include <core.p4>
#include <v1model.p4>

const bit<16> ROUTED = 0x1234;
const bit<16> PLAIN = 0x0800;
#define MOST 4

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

header hop_t {
    bit<1> last;
    bit<15> port;
}

struct headers_t {
    ethernet_t ethernet;
    hop_t[MOST] hops;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) {
            ROUTED: hops;
            default: accept;
        }
    }
    state hops {
        packet.extract(hdr.hops.next);
        transition select(hdr.hops.last.last) {
            1: accept;
            default: hops;
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action drop() { mark_to_drop(standard); }
    action follow() {
        standard.egress_spec = (bit<9>) hdr.hops[0].port;
        hdr.hops.pop_front(1);
    }
    action finish() { hdr.ethernet.kind = PLAIN; }
    apply {
        if (hdr.hops[0].isValid() && standard.parser_error == error.NoError) {
            if (hdr.hops[0].last == 1) {
                finish();
            }
            follow();
        } else {
            drop();
        }
    }
}

#include <rest.p4>
