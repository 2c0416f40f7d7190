// One mistake makes one error: what follows is read as it was meant.
header H { bit<8> a; bit<8> b; }
control C(inout H h) {
    action one() {
        h = {a = 1 b};
        h = {{1, 2}, {3 4}};
        f({1, {2}, h.);
        h.a = 1;
    }
    action two(bit<8> x {
        h.a = x;
    }
    action three() {
        if (h.a = 1) { h.b = 2; } else { h.b = 3; }
        for (i in 1..2) { h.b = 4; }
        switch (h.a) { 1 { h.b = 5; } default: {} }
    }
    table t {
        key = { h.a: exact; h.b }
        actions = { one; two three; }
        const entries = {
            (1, {2 3}): one;
            1 &&& : one;
            2: one
            3: one;
        }
        size = ;
        default_action = one();
    }
    apply {
        t.apply(;
        { { h.a = (1; } }
        bit<8> x = h.a +;
        h.b = x;
    }
}
const bit<8> fine = 1;
const H wrong = {1, {2, 3};
const bit<8> also_fine = 1;
