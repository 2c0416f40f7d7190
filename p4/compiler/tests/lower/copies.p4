#define OWN_INGRESS
#include "parts/before.p4"
// What an action is given is copied in and out, since it sees the storage around it; `exit` copies out, too.
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    bit<8> local = 5;
    action both(inout bit<8> v, out bit<8> w, in bit<8> u) {
        meta.x = 1;
        v = v + u;
        w = meta.x;
        if (u == 0) { exit; }
        if (u == 1) { return; }
        meta.x = 2;
    }
    apply {
        both(meta.x, meta.y, local);
        both(hdr.h.a, hdr.h.b, meta.x + 1);
        both(hdr.s[meta.x].a, hdr.h.b, 3);
    }
}
#include "parts/after.p4"
