// Properties that are there twice, missing, or not known at compile time.
#include <core.p4>

control C(in bit<8> x) {
    table t {
        key = { x: exact; }
    }
    table u {
        actions = { NoAction; }
        actions = { NoAction; }
    }
    table v {
        actions = { NoAction; }
        size = x;
    }
    table w {
        actions = { NoAction; NoAction; }
    }
    apply {}
}
