// Default values of what a callee writes.

bit<8> f(out bit<8> x = 3) {
    x = 4;
    return x;
}

void g(inout bit<8> y = 3) {}
