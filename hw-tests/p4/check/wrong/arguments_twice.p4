// A parameter that is given twice.

void f(in bit<8> x, in bit<8> y) {}

control C() {
    apply { f(x = 1, x = 2); }
}
