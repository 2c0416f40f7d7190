// `_` for results that nobody wants, results of calls that are not used, and `out` parameters that are never written.
#include <data.p4>

void both(out bit<8> a, out bit<8> b) {
    a = 1;
    b = 2;
}

bit<8> add(inout bit<8> a, in bit<8> b) {
    a = a + b;
    return a;
}

void never(out bit<8> a) {
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        both(_, hdr.h.a);
        both(b = _, a = hdr.h.b);
        hdr.h.c = 7;
        add(hdr.h.c, 5);
        never(meta.x);
        hdr.h.d = meta.x;
    }
}

#include <rest.p4>
