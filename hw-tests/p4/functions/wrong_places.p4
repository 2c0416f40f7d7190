#include <data.p4>

bit<8> f(in bit<8> a) {
    exit;
    return a;
}

void state_of_a_parser() {
    packet_in p;
    hdr.h.a = 5;
}

void breaks() {
    break;
}

void stacks(inout data_t[2] s) {
    data_t d = s.next;
    bit<32> i = s.lastIndex;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = f(1);
    }
}

#include <rest.p4>
