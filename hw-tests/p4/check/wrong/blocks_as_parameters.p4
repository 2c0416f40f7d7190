// Parameters that would be instances of what cannot be passed there.
control Type();
parser Reads();
package Machine(Type t);

control Concrete() {
    apply {}
}

control A()(Concrete c) {
    apply {}
}

control B()(Machine m) {
    apply {}
}

control D()(Reads r) {
    apply {}
}

parser E()(Type t) {
    state start { transition accept; }
}

extern Box {
    Box(Type t);
    void put(Type t);
}

action a(Box b) {}
