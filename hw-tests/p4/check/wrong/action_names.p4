// Two actions with one name for the control plane.

control C() {
    @name("forward") action a() {}
    action forward() {}
    table t {
        actions = { a; forward; }
        default_action = a;
    }
    apply { t.apply(); }
}
