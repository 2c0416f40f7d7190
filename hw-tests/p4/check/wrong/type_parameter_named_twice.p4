// Parameters that have the name of a type parameter.
control C<T>(inout bit<8> T) {
    apply {}
}

parser P<T>(in T x)(bit<8> T) {
    state start { transition accept; }
}
