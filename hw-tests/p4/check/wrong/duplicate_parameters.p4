// Parameters that are declared twice, of a constructor, too.

control C(in bit<8> x, in bit<8> x) {
    apply {}
}

control D(in bit<8> x)(bit<8> x) {
    apply {}
}
