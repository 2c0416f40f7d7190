// Operands are evaluated from left to right, and each keeps the value that it had then.
#include <data.p4>

bit<8> up(inout bit<8> n) {
    n = n + 1;
    return n;
}

bit<8> set(out bit<8> n) {
    n = 50;
    return 100;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> n = hdr.h.a;
        hdr.h.b = n + up(n) * 2 + n;
        n = 1;
        hdr.h.c = up(n) - up(n);
        n = 1;
        tuple<bit<8>, bit<8>, bit<8>> three = { n, up(n), n };
        hdr.h.d = three[0] == 1 ? three[1] + three[2] : 0;
        n = 5;
        n = n + set(n);
        hdr.h.a = n;
    }
}

#include <rest.p4>
