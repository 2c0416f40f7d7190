// Structured annotations whose values nobody knows.

const bit<8> X = 3;

@numbers[X, X + 1, Y]
control C(in bit<8> x) {
    @pairs[a = 1, b = x] action a() {}
    apply { a(); }
}
