// One of several next hops, by a hash of the flow: packets of one flow take one way.
#include <core.p4>
#include <v1model.p4>

header flow_t {
    bit<32> src;
    bit<32> dst;
    bit<8> hop;
}

struct headers_t {
    flow_t flow;
}

struct metadata_t {
    bit<14> chosen;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.flow);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action drop() { mark_to_drop(standard); }
    action choose(bit<16> base, bit<32> count) {
        hash(meta.chosen, HashAlgorithm.identity, base, { hdr.flow.src[7:0] ++ 8w0 ++ hdr.flow.src[7:0] }, count);
    }
    action next(bit<32> dst, bit<9> port) {
        hdr.flow.dst = dst;
        standard.egress_spec = port;
    }
    table groups {
        key = { hdr.flow.dst: lpm; }
        actions = { choose; drop; }
        default_action = drop();
    }
    table hops {
        key = { meta.chosen: exact; }
        actions = { next; drop; }
        default_action = drop();
    }
    apply {
        switch (groups.apply().action_run) {
            choose: { hops.apply(); }
        }
        hdr.flow.hop = (bit<8>) meta.chosen;
    }
}

#include <rest.p4>
