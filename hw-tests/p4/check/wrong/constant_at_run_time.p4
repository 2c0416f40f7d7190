// Constants and constructor arguments that are not known at compile time.

extern bit<8> f();

extern Box {
    Box(bit<8> size);
}

const bit<8> X = f();

control C(in bit<8> x) {
    Box(x) box;
    apply {}
}
