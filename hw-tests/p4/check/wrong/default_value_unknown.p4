// Default values that nobody knows, and of another type.

control C(bit<8> x = nobody)(bool b = 3) {
    apply {}
}
