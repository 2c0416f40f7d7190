// Blocks that do not fit the package, in a package that is part of another.
#include <core.p4>

header data_t {
    bit<8> a;
}

parser Reader<H>(packet_in packet, out H hdr);
control Worker<H>(inout H hdr);
package Half<H>(Reader<H> reader, Worker<H> worker);
package Whole<H>(Half<H> left, Half<H> right, bit<8> number);

parser MyReader(packet_in packet, out data_t h) {
    state start {
        packet.extract(h);
        transition accept;
    }
}

control MyWorker(inout data_t h) {
    apply {}
}

control Other(in data_t h) {
    apply {}
}

control Wide(inout bit<8> v) {
    apply {}
}

Half(MyReader(), MyWorker()) good;
Half(MyWorker(), MyReader()) swapped;
Half(MyReader(), Other()) direction;
Half(MyReader(), Wide()) types;
Half(MyReader()) missing;
Whole(good, Half(MyReader(), MyWorker()), true) number;
Whole(good, MyWorker(), 5) main;
