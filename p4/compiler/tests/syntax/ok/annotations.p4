// Annotations with bodies of every kind.
@plain
@empty()
@text("a string")
@tokens(any tokens, (nested) in { braces ] ; 8w5 "x" + @ apply)
@structured[]
@values[1, "two", 3 + 4, true,]
@pairs[one = 1, two = "2",]
@header @const(keywords are names of annotations)
struct S {
    @a @b(1) @c[2] bit<8> f;
}
@pragma unroll 3 times
const int C = 1;
control K(@p in bit<8> x) {
    @local bit<8> y;
    @act action a(@data bit<8> z) {}
    apply { }
}
control L() {
    @before apply { @inner {} }
}
