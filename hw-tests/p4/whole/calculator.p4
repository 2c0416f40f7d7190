// A calculator in packets: the answer goes back to where the question came from.
#include <core.p4>
#include <v1model.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

header question_t {
    bit<8> magic;
    bit<8> operator;
    bit<32> left;
    bit<32> right;
    bit<32> result;
}

struct headers_t {
    ethernet_t ethernet;
    question_t question;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind, packet.lookahead<bit<8>>()) {
            (0x4321, 0x3f): question;
            default: accept;
        }
    }
    state question {
        packet.extract(hdr.question);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action answer(bit<32> value) {
        hdr.question.result = value;
        bit<48> old = hdr.ethernet.dst;
        hdr.ethernet.dst = hdr.ethernet.src;
        hdr.ethernet.src = old;
        standard.egress_spec = standard.ingress_port;
    }
    action add() { answer(hdr.question.left + hdr.question.right); }
    action subtract() { answer(hdr.question.left - hdr.question.right); }
    action both() { answer(hdr.question.left & hdr.question.right); }
    action either() { answer(hdr.question.left | hdr.question.right); }
    action one() { answer(hdr.question.left ^ hdr.question.right); }
    action shift() { answer(hdr.question.left << hdr.question.right[7:0]); }
    action refuse() { mark_to_drop(standard); }
    table calculate {
        key = { hdr.question.operator: exact; }
        actions = { add; subtract; both; either; one; shift; refuse; }
        const default_action = refuse();
        const entries = {
            0x2b: add();
            0x2d: subtract();
            0x26: both();
            0x7c: either();
            0x5e: one();
            0x3c: shift();
        }
    }
    apply {
        if (hdr.question.isValid()) {
            calculate.apply();
        } else {
            refuse();
        }
    }
}

#include <rest.p4>
