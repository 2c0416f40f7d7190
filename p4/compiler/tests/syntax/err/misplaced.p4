// What cannot stand where it stands.
control C() {
    apply {}
    apply {}
}
control D() {
    bit<8> x;
}
control E() {
    @name("x") x = 1;
    apply {
        @name("y") x = 1;
        header H {}
    }
}
header H {
    bit<8> f() {}
}
package Q() {}
extern void e() {}
enum Empty { a b }
typedef bit<8>;
table t { }
const action = 1;
@1 struct A {}
}
const int after = 1;
control F() {
    bit<8> f(in bit<8> x) { return x; }
    apply {}
}
