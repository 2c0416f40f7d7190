// Cases that another architecture's parser computes as it runs, of a list within the keys; a type parameter that hides another.
struct pair_t {
    bit<8> a;
    bit<8> b;
}

extern Box<D> {
    Box();
    void put<D>(in D value);
}

const int WIDE = 2w1;
const bool TRUTH = (bool) WIDE;

parser Read(in bit<8> x) {
    Box<bit<8>>() box;
    state start {
        pair_t pair = { 0, 1 };
        box.put(16w3);
        box.put<bool>(TRUTH);
        transition select(x, { x, x }, x) {
            (0, { 0, 0 }, 0): accept;
            (1, default, 1): accept;
            (x + 1, { pair.a, pair.b }, 2): accept;
            default: reject;
        }
    }
}

parser Reader(in bit<8> x);
package Machine(Reader reader);

Machine(Read()) main;
