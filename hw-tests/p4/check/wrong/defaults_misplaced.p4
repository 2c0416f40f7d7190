// `...` where no variable says what the defaults are of.
struct pair_t {
    bit<8> x;
    bit<8> y;
}

header varied_t {
    bit<8> a;
    varbit<8> v;
}

pair_t make() {
    return { x = 1, ... };
}

void take(in pair_t p) {}

control C(inout pair_t p) {
    apply {
        bool same = p == { 1, ... };
        take({ ... });
        varied_t h = ...;
        bit<8> n = { ... };
    }
}
