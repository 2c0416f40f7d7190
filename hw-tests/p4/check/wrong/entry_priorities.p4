// Priorities of entries where there are none, from the middle on, and below zero.
#include <core.p4>

control C(in bit<8> x) {
    action a() {}
    table exactly {
        key = { x: exact; }
        actions = { a; NoAction; }
        entries = { priority = 10: 1: a(); 2: a(); }
    }
    table by_prefix {
        key = { x: lpm; }
        actions = { a; NoAction; }
        entries = { priority = 10: 1: a(); 2: a(); }
    }
    table from_the_middle {
        key = { x: ternary; }
        actions = { a; NoAction; }
        entries = { 1: a(); priority = 3: 2: a(); }
    }
    table below {
        key = { x: ternary; }
        actions = { a; NoAction; }
        priority_delta = 10;
        entries = { priority = 12: 1: a(); 2: a(); 3: a(); }
    }
    apply {
        exactly.apply();
        by_prefix.apply();
        from_the_middle.apply();
        below.apply();
    }
}
