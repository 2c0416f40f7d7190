// A control applied in a parser, and a parser in a control.

control C() {
    apply {}
}

parser P() {
    C() c;
    state start {
        c.apply();
        transition accept;
    }
}

control D() {
    P() p;
    apply { p.apply(); }
}
