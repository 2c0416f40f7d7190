// Entries of a table that has no key.
#include <core.p4>

control C() {
    table t {
        actions = { NoAction; }
        const entries = { 1: NoAction(); }
    }
    apply { t.apply(); }
}
