// Value sets of types without bits, of unknown size, and for keys that they do not fit.

struct varied_t {
    varbit<8> a;
}

parser P(in bit<8> x) {
    value_set<varied_t>(4) varied;
    value_set<bit<16>>(4) wide;
    value_set<bit<8>>(x) unknown;
    state start {
        transition select(x) {
            wide: accept;
            unknown: accept;
        }
    }
}
