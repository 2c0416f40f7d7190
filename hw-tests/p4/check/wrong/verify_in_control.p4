// What only parsers do, in a control.
#include <core.p4>

header data_t {
    bit<8> a;
}

control C(packet_in packet, out data_t h) {
    apply {
        verify(true, error.NoMatch);
        packet.extract(h);
        packet.advance(8);
    }
}
