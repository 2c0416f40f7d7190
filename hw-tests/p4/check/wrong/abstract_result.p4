// A body that gives something else than the abstract method.

extern Virtual {
    Virtual();
    abstract bit<8> f();
}

control C() {
    Virtual() v = {
        bit<16> f() { return 1; }
    };
    apply {}
}
