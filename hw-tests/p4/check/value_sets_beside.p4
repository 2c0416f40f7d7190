// Value sets beside other sets, in a parser for any architecture.
#include <core.p4>

parser P(in bit<8> x, in bit<8> y, in bool b) {
    value_set<bit<8>>(4) some;
    value_set<tuple<bit<8>, bit<8>>>(4) pairs;
    state start {
        transition select(x, y) {
            (some, 3): further;
            (4, some): further;
            (some, some): accept;
            pairs: further;
            _: reject;
        }
    }
    state further {
        transition select(b, x) {
            (true, some): accept;
        }
    }
}
