// Constructor arguments that are missing, of another type, and too many.

extern Box {
    Box(bit<8> size);
}

control D()(Box box) {
    apply {}
}

control C() {
    Box() none;
    Box(true) other;
    Box(1, 2) many;
    D(3) d;
    apply {}
}
