// Names that several declarations have: functions, methods, constructors, controls and packages (section 6.8.2).

extern void f();
extern void f(bit<32> a);
extern void f(bit<16> b);
extern void f(bit<32> a, bit<16> b);

extern Overloaded {
    Overloaded();
    Overloaded(bit<8> size);
    void f();
    void f(bit<32> a);
    void f(bit<16> b);
    void f(bit<32> a, bit<16> b);
}

control D(out bit<32> x)(bit<32> a) {
    apply {
        x = a;
    }
}

const bit<32> BETWEEN = 5;

control D(out bit<32> x)(bit<32> b, bool c) {
    apply {
        x = -b + BETWEEN;
    }
}

control C() {
    Overloaded() o;
    Overloaded(3) p;
    D(b = 2, c = true) second;
    D(4) first;

    apply {
        f();
        f(a = 2);
        f(b = 1);
        f(a = 1, b = 2);
        f(b = 2, a = 1);
        o.f();
        o.f(a = 2);
        p.f(b = 1);
        p.f(b = 2, a = 1);
        bit<32> z;
        first.apply(z);
        second.apply(x = z);
    }
}

control Block();
package Top(Block one);
package Top(Block two, Block three);

Top(two = C(), three = C()) main;
