// Tuples in storage where structs and headers are wanted: only lists as written become these.
struct pair_t {
    bit<8> x;
    bit<8> y;
}

header data_t {
    bit<8> x;
    bit<8> y;
}

void take(in pair_t p) {}

control C(inout tuple<bit<8>, bit<8>> t, inout pair_t p, inout data_t h) {
    apply {
        p = t;
        h = t;
        take(t);
        p = (pair_t) t;
        p = { t[0], t[1] };
        take({ t[0], 1 });
        t = { p.x, p.y };
    }
}
