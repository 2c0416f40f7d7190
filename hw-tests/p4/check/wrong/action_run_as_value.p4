// `action_run` outside `switch`.
#include <core.p4>

control C(inout bit<8> x) {
    table t {
        actions = { NoAction; }
    }
    apply {
        x = t.apply().action_run;
        bool b = t.apply().hits;
    }
}
