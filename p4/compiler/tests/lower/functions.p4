#define OWN_INGRESS
#include "parts/before.p4"
// Functions are put in place: one expression needs no copy, several returns need a label.
bit<8> twice(in bit<8> v) { return v + v; }
bit<8> clamp(in bit<8> v, in bit<8> most) {
    if (v > most) { return most; }
    return v;
}
void swap(inout bit<8> a, inout bit<8> b) { bit<8> t = a; a = b; b = t; }
T first<T>(in T a, in T b) { return a; }
bit<16> over(in bit<8> v) { return 1; }
bit<16> over(in bit<8> v, in bit<8> w) { return 2; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        meta.x = twice(meta.y) + clamp(meta.x + 1, 10);
        swap(meta.x, meta.y);
        swap(hdr.h.a, hdr.h.b);
        meta.y = first<bit<8>>(3, meta.x);
        meta.x = first(meta.x, 3);
        meta.z = over(meta.x) + over(w = meta.x, v = 1);
    }
}
#include "parts/after.p4"
