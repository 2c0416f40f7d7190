// Instances without a name, and with none to supply the abstract methods.
extern Virtual {
    Virtual();
    abstract bit<8> f();
}

extern Holder {
    Holder(Virtual v);
}

package Machine(Virtual v);

control C() {
    Holder(Virtual()) holder;
    apply {}
}

Machine(Virtual()) main;
