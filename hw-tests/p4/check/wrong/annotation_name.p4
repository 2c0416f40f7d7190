// Annotations `@name` that hold no string.
#include <core.p4>

control C(in bit<8> x) {
    @name(3) action a() {}
    @name("a", "b") table t {
        key = { x: exact; }
        actions = { a; }
    }
    apply { t.apply(); }
}
