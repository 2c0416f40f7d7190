// Headers extracted the wrong way.
#include <core.p4>

header fixed_t {
    bit<8> a;
}

header varied_t {
    varbit<8> a;
}

struct plain_t {
    bit<8> a;
}

parser P(packet_in packet, out fixed_t f, out varied_t v, out plain_t p) {
    state start {
        packet.extract(f, 8);
        packet.extract(v);
        packet.extract(p);
        transition accept;
    }
}
