// Action data that the control plane cannot supply.
#include <v1model.p4>

struct pair_t {
    bit<8> a;
    bit<8> b;
}

control C() {
    action a(pair_t p) {}
    table t {
        actions = { a; }
    }
    apply { t.apply(); }
}
