// Every statement.
control Sub(in bit<8> x) { apply {} }
header H { bit<8> f; }
void f(inout bit<8> a, inout bit<8> b, H[4] hs) {
    ;
    bit<8> x;
    bit<8> y = 1;
    @hidden const bit<8> Z = 2;
    @name("s") Sub() sub;
    a = b;
    a[3:0] = b[7:4];
    hs[0].f = 1;
    a += 1;
    a -= 1;
    a *= 2;
    a /= 2;
    a %= 2;
    a <<= 1;
    a >>= 1;
    a &= b;
    a |= b;
    a ^= b;
    a |+|= b;
    a |-|= b;
    f(a, b, hs);
    hs[0].setValid();
    sub.apply(a);
    Sub.apply(x = a);
    if (a == b) a = 1;
    if (a == b) { a = 1; } else if (a < b) { a = 2; } else a = 3;
    if (a == 1) if (b == 2) a = 3; else a = 4;
    switch (a) {
        1:
        2: { a = 1; }
        Z + 1: @atomic { b = 2; }
        default: {}
    }
    switch (t.apply().action_run) {
        first: { return; }
        .second: {}
    }
    for (bit<8> i = 0, bit<8> j = 9; i < j; i = i + 1, j -= 1) { a = a + i; }
    for (; true; ) break;
    @unroll for (a = 1; a < 8; f(a, b, hs)) continue;
    for (bit<8> i in 1 .. 8) { if (i == a) { continue; } b = i; }
    for (@hidden H h in hs) b = h.f;
    @unroll for (bit<8> i in {1, 2, 3}) { exit; }
    @atomic { { a = 1; } }
    return;
}
bit<8> g() {
    return 1;
}
