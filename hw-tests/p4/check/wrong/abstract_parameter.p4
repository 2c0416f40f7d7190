// A body that takes something else than the abstract method.

extern Virtual<T> {
    Virtual();
    abstract void f(in T x);
    abstract void g(in T x);
}

control C() {
    Virtual<bit<8>>() v = {
        void f(in bit<16> x) {}
        void g(inout bit<8> x) {}
    };
    apply {}
}
