#define OWN_INGRESS
#include "parts/before.p4"
struct pair_t<T> { T left; T right; }
struct both_t { pair_t<bit<8>> p; h_t h; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        both_t b = { { 1, 2 }, { 3, 4, 5 } };
        both_t c = { p = { left = 1, ... }, h = {#} };
        b.p = { b.p.right, b.p.left };
        hdr.h = b.h;
        hdr.g = { a = 1, b = hdr.g.a, c = 3 };
        hdr.h = {#};
        if (hdr.h == hdr.g) { meta.flag = true; }
        if (b == c) { meta.flag = false; }
        if (hdr.h == {#}) { hdr.h.setValid(); }
        hdr.s.push_front(1);
        hdr.s.pop_front(2);
        hdr.s[0] = hdr.s[meta.x];
        hdr.h.c[7:0] = meta.x;
        hdr.h.c[15:8][3:0] = 5;
        meta.z = (bit<16>) h_t.minSizeInBytes() + (bit<16>) hdr.h.minSizeInBits();
        tuple<bit<8>, bool> t = { 7, true };
        meta.x = t[0];
        meta.flag = t[1];
        meta.z = hdr.h.a ++ hdr.h.b;
        meta.y = (bit<8>) hdr.s.size;
    }
}
#include "parts/after.p4"
