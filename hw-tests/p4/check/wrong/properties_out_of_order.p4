// Table properties that name what stands behind them.
#include <core.p4>

control C(in bit<8> x) {
    action a() {}
    table t {
        default_action = a;
        actions = { a; }
    }
    table u {
        const entries = { 1: a(); }
        key = { x: exact; }
        actions = { a; NoAction; }
    }
    table v {
        key = { x: exact; }
        const entries = { 1: a(); }
        actions = { a; NoAction; }
    }
    apply {
        t.apply();
        u.apply();
        v.apply();
    }
}
