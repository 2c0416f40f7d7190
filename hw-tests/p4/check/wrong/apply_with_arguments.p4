// A table applied with arguments, and called without `apply`.
#include <core.p4>

control C(inout bit<8> x) {
    table t {
        actions = { NoAction; }
    }
    apply {
        t.apply(x);
        t();
        t.run();
    }
}
