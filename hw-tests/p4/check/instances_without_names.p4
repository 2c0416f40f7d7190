// Instances made where they are passed: to constructors, packages and for one call of a method.

extern Polynomial<T> {
    Polynomial(T coefficients);
}

extern Matrix<W, H> {
    Matrix(W width, H height, string rows);
}

enum Kind { NARROW, WIDE }

extern Hash<W> {
    Hash(Kind kind);
    Hash(Polynomial<_> polynomial);
    Hash(Matrix<_, _> matrix);
    Hash(string formula);
    W get<D>(in D data);
}

control Step(inout bit<8> x);

control Increment(inout bit<8> x) {
    apply {
        x = x + 1;
    }
}

control Twice(inout bit<8> x)(Step step, bit<8> more) {
    Hash<bit<8>>(kind = Kind.WIDE) of_kind;
    Hash<bit<8>>(polynomial = Polynomial(coefficients = 16w0x107)) of_polynomial;
    Matrix(8w4, 10w7,
        "1000
         0001") rows;
    Hash<bit<8>>(matrix = rows) of_matrix;
    Hash<bit<8>>(formula = "x + y") of_formula;
    apply {
        step.apply(x);
        x = x + more + of_kind.get(x) + of_polynomial.get({ x, more });
        x = Hash<bit<8>>(Kind.NARROW).get(x);
    }
}

// Nothing makes one of these: what the parameter stands for is not known.
control Unused(inout bit<8> x)(Step step) {
    apply {
        step.apply(x);
    }
}

parser Read();

parser Inner() {
    state start { transition accept; }
}

parser Outer()(Read inner) {
    state start {
        inner.apply();
        transition accept;
    }
}

package Machine(Step step, Read first, Read second);

Machine(Twice(Increment(), 3), Outer(Inner()), Outer(Inner())) main;
