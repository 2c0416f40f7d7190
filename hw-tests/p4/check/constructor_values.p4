// What extern functions make of values known at compile time, as arguments of constructors.
enum Kind {
    narrow,
    wide
}

extern Kind of_width(bit<8> width, bool signed);
extern Poly<T> {
    T get();
}
extern Poly<T> polynomial<T>(T coefficients);

extern Hash<W> {
    Hash(Kind kind);
    W get<D>(in D data);
}

control Inner(inout bit<16> x)(Kind kind, bit<8> n) {
    apply {
        if (n == 3 && kind == Kind.wide) {
            x = x + 1;
        }
    }
}

control C(inout bit<16> x) {
    const bit<8> EIGHT = 8;
    Hash<bit<16>>(of_width(EIGHT * 2, true)) hash;
    Inner(of_width(8, false), 3) inner;
    apply {
        x = hash.get({ x });
        x = polynomial(16w0x1021).get();
        inner.apply(x);
    }
}
