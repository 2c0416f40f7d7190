// Labels of `switch` that are there twice, behind `default`, and of no action.
#include <core.p4>

control C(in bit<8> x) {
    action a() {}
    action b() {}
    table t {
        actions = { a; NoAction; }
    }
    apply {
        switch (t.apply().action_run) {
            a: {}
            a: {}
        }
        switch (t.apply().action_run) {
            b: {}
        }
        switch (x) {
            1: {}
            default: {}
            2: {}
        }
        switch (x) {
            1: {}
            1: {}
            true: {}
        }
    }
}
