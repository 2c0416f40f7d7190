// Expressions that do nothing.

control C(in bit<8> x) {
    apply {
        x + 1;
        x;
    }
}
