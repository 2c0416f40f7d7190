// A value set in a control.

control C() {
    value_set<bit<8>>(4) set;
    apply {}
}
