// One run finds all of these.
header H {
    bit<8> a
    bit<8> b;
    bit<8 c;
    bit<8> header;
}
const bit<8> x = 1 +;
const bit<8> y = 2;
struct S { bit<8> ok; }
bit<8> global = 5;
control C(inout H h) {
    action a( { }
    action b() { h.a = ; h.b = 1; h.a + 1; }
    table t {
        key = { h.a exact; h.b: exact }
        actions = { b };
        size 5;
    }
    h.a = 3;
    apply {
        if h.a == 1 { }
        h.a = 1
        h.b = 2;
        bit<8> = 3;
        foo(1, );
        return 1 2;
    }
    action late() {}
}
state orphan { transition accept; }
+
