// A method called by the name of its type.

extern Box {
    Box();
    void f();
}

control C() {
    apply {
        Box.f();
    }
}
