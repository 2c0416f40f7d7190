// Type parameters that are there twice.

T f<T, T>(in T x) {
    return x;
}

extern Box<T> {
    Box();
    void g<T>(in T x);
}

control C<H, H>(inout H x);
