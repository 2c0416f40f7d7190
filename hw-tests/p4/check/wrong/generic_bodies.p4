// Mistakes in bodies with type parameters that nothing fills in; what a type might be good for is no mistake.

void give<T>(inout T a) {}

T keep<T>(in T value) {
    bit<8> x = nothing;
    give(value);
    return value;
}

T sum<T>(in T a, in T b) {
    return a + b;
}

control C<H>(inout H hdr, in bit<8> x) {
    action set() {
        x = 3;
    }
    apply {
        set();
        hdr.field = x + true;
    }
}
