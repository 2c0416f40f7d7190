// Constructor arguments that are made of what is not known at compile time.
enum Kind {
    narrow,
    wide
}

extern Kind of_width(bit<8> width);

extern Hash {
    Hash(Kind kind);
}

control C(inout bit<8> x) {
    Hash(of_width(x)) hash;
    apply {}
}
