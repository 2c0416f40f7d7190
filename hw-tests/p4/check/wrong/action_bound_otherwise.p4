// A default action that is bound to another argument than the list says.
#include <core.p4>

control C(inout bit<8> x, inout bit<8> y) {
    action a(inout bit<8> p, bit<8> d) {}
    table t {
        actions = { a(x); }
        default_action = a(y, 3);
    }
    apply { t.apply(); }
}
