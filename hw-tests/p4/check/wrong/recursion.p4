// Calls and instances within themselves.

bit<8> f(in bit<8> x) {
    return f(x);
}

control C() {
    C() inner;
    action a() { a(); }
    apply { inner.apply(); }
}
