// A parser that is applied twice, with loops, locals that start anew, and a result.
#include <core.p4>
#include <v1model.p4>

header byte_t {
    bit<8> v;
}

struct headers_t {
    byte_t[4] left;
    byte_t[4] right;
    byte_t sum;
}

struct metadata_t {
    bit<8> first;
    bit<8> second;
}

// Takes bytes up to and with the first one that is 0x80 or more.
parser Run(packet_in packet, out byte_t[4] bytes, out bit<8> sum) {
    bit<8> total = 0;
    state start {
        packet.extract(bytes.next);
        total = total + bytes.last.v;
        transition select(bytes.last.v) {
            0x80 &&& 0x80: done;
            _: start;
        }
    }
    state done {
        sum = total;
        transition accept;
    }
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Run() run;
    state start {
        run.apply(packet, hdr.left, meta.first);
        run.apply(packet, hdr.right, meta.second);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.sum.setValid();
        hdr.sum.v = meta.first - meta.second;
    }
}

#include <rest.p4>
