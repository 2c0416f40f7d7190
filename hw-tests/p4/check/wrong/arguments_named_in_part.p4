// Arguments of which one has a name and one has none.

void f(in bit<8> x, in bit<8> y) {}

control C() {
    apply { f(x = 1, 2); }
}
