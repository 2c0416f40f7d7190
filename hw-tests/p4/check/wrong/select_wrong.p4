// Cases that do not fit the keys.

parser P(in bit<8> x, in bit<16> y) {
    state start {
        transition select(x, y) {
            1: accept;
            (true, 1): accept;
            (8w1 &&& 16w2, _): accept;
            (5 .. 3, _): accept;
            (_, _): nowhere;
        }
    }
}
