// A program for p4c's packet filter: tables kept in hash tables and arrays, counters, and the one answer.
#include <core.p4>
#include <ebpf_model.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

header ports_t {
    bit<16> src;
    bit<16> dst;
}

struct headers_t {
    ethernet_t ethernet;
    ports_t ports;
}

parser Read(packet_in packet, out headers_t hdr) {
    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) {
            0x0800: ports;
            default: reject;
        }
    }
    state ports {
        packet.advance(160);
        packet.extract(hdr.ports);
        transition accept;
    }
}

control Allowed(in bit<16> port, inout bool pass) {
    action refuse() { pass = false; }
    table refused {
        key = { port: exact; }
        actions = { refuse; NoAction; }
        const default_action = NoAction;
        implementation = hash_table(256);
    }
    apply {
        refused.apply();
    }
}

control Filter(inout headers_t hdr, out bool pass) {
    CounterArray(1024, true) ports;
    Allowed() allowed;
    action count(bit<32> by) { ports.add((bit<32>) hdr.ports.dst, by); }
    table counted {
        key = { hdr.ethernet.kind: exact; }
        actions = { count; NoAction; }
        implementation = array_table(16);
    }
    apply {
        pass = hdr.ports.isValid();
        allowed.apply(hdr.ports.src, pass);
        allowed.apply(hdr.ports.dst, pass);
        if (pass) {
            ports.increment((bit<32>) hdr.ports.dst);
            counted.apply();
        }
    }
}

ebpfFilter(Read(), Filter()) main;
