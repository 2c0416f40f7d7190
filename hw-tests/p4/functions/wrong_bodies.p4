#include <data.p4>

bit<8> no_return(in bit<8> a) {
    bit<8> b = a;
}

bit<8> sometimes(in bit<8> a) {
    if (a == 1) {
        return 1;
    }
}

void value() {
    return 5;
}

bit<8> none() {
    return;
}

bit<8> wrong_type() {
    return true;
}

void writes(in bit<8> a) {
    a = 5;
}

bit<8> recursive(in bit<8> a) {
    return recursive(a);
}

bit<8> early(in bit<8> a) {
    return late(a);
}

bit<8> late(in bit<8> a) {
    return a;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = no_return(1);
        hdr.h.a = sometimes(1);
    }
}

#include <rest.p4>
