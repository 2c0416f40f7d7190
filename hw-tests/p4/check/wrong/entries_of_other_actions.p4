// Entries with actions that the table does not list, or only as a default.
#include <core.p4>

control C(in bit<8> x) {
    action a() {}
    action b() {}
    table t {
        key = { x: exact; }
        actions = { @defaultonly b; NoAction; }
        const entries = {
            1: a();
            2: b();
        }
    }
    apply { t.apply(); }
}
