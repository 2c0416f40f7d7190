// Entries whose keys do not fit the table.
#include <core.p4>

control C(in bit<8> x, in bit<8> y) {
    table t {
        key = { x: exact; y: lpm; }
        actions = { NoAction; }
        const entries = {
            1: NoAction();
            (1 &&& 3, _): NoAction();
            (1, 0 &&& 0b01010101): NoAction();
            (true, 3): NoAction();
            (1, 2 .. 3): NoAction();
        }
    }
    apply { t.apply(); }
}
