#define OWN_INGRESS
#include "parts/before.p4"
// Operands are evaluated from left to right: what a call changes later does not change what was read before.
bit<8> bump(inout bit<8> v) { v = v + 1; return v; }
bool truth(inout bit<8> v) { v = v + 1; return v == 3; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        meta.y = meta.x + bump(meta.x);
        if (meta.x == 1 && truth(meta.x)) { meta.z = 1; }
        meta.z = meta.flag ? (bit<16>) bump(meta.x) : 16w7;
        hdr.s[meta.x].a = bump(meta.x);
    }
}
#include "parts/after.p4"
