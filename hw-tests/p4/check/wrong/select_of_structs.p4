// Keys of a select that are structs and headers.
struct pair_t {
    bit<8> x;
    bit<8> y;
}

header data_t {
    bit<8> a;
}

parser P(in pair_t p, in data_t h) {
    state start {
        transition select(p) {
            { 1, 2 }: further;
            default: accept;
        }
    }
    state further {
        transition select(p.x, h) {
            (1, { 2 }): accept;
            default: reject;
        }
    }
}
