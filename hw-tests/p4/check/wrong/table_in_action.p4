// A table applied by an action.
#include <core.p4>

control C() {
    table t {
        actions = { NoAction; }
    }
    action a() {
        t.apply();
    }
    apply { a(); }
}
