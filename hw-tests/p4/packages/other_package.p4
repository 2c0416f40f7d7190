// A program for another architecture is checked wholly, and cannot run.
#include <core.p4>

header data_t {
    bit<8> a;
}

extern Port {
    Port(bit<8> number);
    void send(in bit<8> value);
}

parser Reader<H>(packet_in packet, out H hdr);
control Worker<H>(inout H hdr, Port port);
package Machine<H>(Reader<H> reader, Worker<H> worker, bit<8> number);

parser MyReader(packet_in packet, out data_t h) {
    state start {
        packet.extract(h);
        transition accept;
    }
}

control MyWorker(inout data_t h, Port port) {
    action set(bit<8> v) { h.a = v; }
    table t {
        key = { h.a: exact; }
        actions = { set; NoAction; }
    }
    apply {
        t.apply();
        port.send(h.a);
    }
}

Machine(MyReader(), MyWorker(), 5) main;
