#define OWN_INGRESS
#include "../lower/parts/before.p4"

parser Sub(packet_in packet, out h_t h) {
    state start {
        packet.extract(h);
        transition accept;
    }
    state accept {
        transition reject;
    }
}
extern Box<T> {
    Box();
    void put<T>(in T value);
}
control Unused(inout headers hdr, packet_in packet) {
    apply {
        verify(hdr.h.a == 1, error.NoMatch);
        packet.extract(hdr.h);
        hdr.s.next.a = 1;
    }
}
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply { }
}
#include "../lower/parts/after.p4"
