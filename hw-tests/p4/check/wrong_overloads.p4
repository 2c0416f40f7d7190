// Overloads that no call can tell apart, and calls that fit none.

control D(out bit<32> x)(bit<32> a) {
    apply {
        x = a;
    }
}

control D(out bit<32> y)(bit<16> a) {
    apply {
        y = 0;
    }
}

control D(out bit<32> x)(bit<32> b) {
    apply {
        x = b;
    }
}

control C() {
    D(c = 3) d;
    apply {}
}
