#define OWN_INGRESS
#include "parts/before.p4"
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        for (bit<8> i = 0; i < 4; i += 1) {
            if (i == meta.x) { continue; }
            if (i == meta.y) { break; }
            meta.z += (bit<16>) i;
        }
        for (bit<8> i in 0 .. 255) { meta.z = meta.z |+| 1; }
        for (bit<8> v in (list<bit<8>>) {1, 2, 5}) { if (v == meta.x) { break; } meta.y = v; }
        for (h_t h in hdr.s) { meta.x = meta.x + h.a; }
    }
}
#include "parts/after.p4"
