// Blocks whose parameters are of other types, and of two types for one type parameter.

control Block<T>(inout T x);
package Machine<T>(Block<T> a, Block<T> b);

control A(inout bit<8> x) {
    apply {}
}

control B(inout bit<16> x) {
    apply {}
}

Machine(A(), B()) main;
