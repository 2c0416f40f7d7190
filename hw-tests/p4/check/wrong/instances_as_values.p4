// Tables and controls passed where values are taken.
#include <core.p4>

extern void look<T>(in T x);
void see<T>(T x) {}

control Inner() {
    apply {}
}

control C() {
    Inner() inner;
    table t {
        actions = { NoAction; }
    }
    apply {
        look(t);
        look<_>(t);
        see(inner);
    }
}
