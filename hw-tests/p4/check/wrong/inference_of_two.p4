// A type parameter that two arguments take for different types.

extern void f<T>(in T a, in T b);

control C(in bit<8> x, in bit<16> y) {
    apply { f(x, y); }
}
