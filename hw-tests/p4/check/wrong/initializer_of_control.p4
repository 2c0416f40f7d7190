// Bodies of methods for what is no extern.

control D() {
    apply {}
}

control C() {
    D() d = {
        void f() {}
    };
    apply { d.apply(); }
}
