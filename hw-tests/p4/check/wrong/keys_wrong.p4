// Keys of unknown kinds, without a name, and of types without bits.
#include <core.p4>

struct plain_t {
    bit<8> a;
}

control C(in bit<8> x, in plain_t s) {
    table t {
        key = { x: exakt; }
        actions = { NoAction; }
    }
    table u {
        key = { x + 1: exact; }
        actions = { NoAction; }
    }
    table v {
        key = { s: exact; }
        actions = { NoAction; }
    }
    apply {}
}
