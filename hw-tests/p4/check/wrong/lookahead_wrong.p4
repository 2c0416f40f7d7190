// `lookahead` without a type, and of a header whose length varies.
#include <core.p4>

header varied_t {
    varbit<8> a;
}

parser P(packet_in packet) {
    state start {
        packet.lookahead();
        varied_t v = packet.lookahead<varied_t>();
        transition accept;
    }
}
