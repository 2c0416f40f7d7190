// A body for a method that is not abstract.

extern Virtual {
    Virtual();
    void plain();
    abstract void f();
}

control C() {
    Virtual() v = {
        void f() {}
        void plain() {}
    };
    apply {}
}
