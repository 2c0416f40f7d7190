// Tuples: made of lists, indexed by constants, compared, passed and returned.
#include <data.p4>

tuple<bit<8>, bit<8>> turned(in tuple<bit<8>, bit<8>> t) {
    return { t[1], t[0] };
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        const int SECOND = 1;
        tuple<bit<8>, bool, bit<16>> t = { hdr.h.a, true, 0x1234 };
        hdr.h.b = t[0];
        if (t[SECOND]) {
            hdr.h.c = t[2][15:8];
        }
        tuple<bit<8>, bit<8>> u = turned({ hdr.h.a, hdr.h.b + 1 });
        hdr.h.d = u[0];
        tuple<tuple<bit<8>, bit<8>>, bool> nested = { u, false };
        if (nested[0] == { hdr.h.b + 1, hdr.h.a } && !nested[1]) {
            hdr.h.c = hdr.h.c + 1;
        }
        if (t == { hdr.h.a, true, 0x1234 }) {
            hdr.h.c = hdr.h.c + 1;
        }
    }
}

#include <rest.p4>
