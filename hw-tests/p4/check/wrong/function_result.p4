// Functions that give nothing, or something where there is nothing.

bit<8> f() {}

bit<8> g() {
    return;
}

void h() {
    return 3;
}

control C(inout bit<8> x) {
    apply { x = h(); }
}
