#define OWN_INGRESS
#include "parts/before.p4"
// Everything that is known at compile time is computed exactly.
const int big = 1 << 100;
const bit<8> wide = (bit<8>) (big >> 96);
const int<8> minus = -1;
const bit<16> joined = 8w1 ++ 8w2;
const bool less = minus < 0;
type bit<9> port_t;
enum bit<4> E4 { a = 3, b = 0xf }
const E4 e = E4.b;
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        meta.x = wide;
        meta.y = (bit<8>) minus;
        meta.z = joined;
        meta.flag = less;
        meta.x = 8w250 |+| 10;
        meta.y = (bit<8>) (int<8>) (minus >> 2);
        meta.x = (bit<8>) (bit<4>) e;
        port_t p = (port_t) 5;
        sm.egress_spec = (bit<9>) p;
        if (less) { meta.y = 1; } else { meta.y = 2; }
        meta.z = (16w300 / 7) % 5;
        meta.z = meta.z << 3 >> (bit<8>) 2;
    }
}
#include "parts/after.p4"
