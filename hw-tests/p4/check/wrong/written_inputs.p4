// Assignments to what is only read.

const bit<8> X = 3;

bit<8> f() {
    return 3;
}

void g(inout bit<8> x) {}

control C(in bit<8> x) {
    action a(bit<8> data) { data = 1; }
    apply {
        X = 4;
        x = 1;
        f() = 1;
        g(x);
        g(x + 1);
    }
}
