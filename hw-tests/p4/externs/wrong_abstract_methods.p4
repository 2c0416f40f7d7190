// Abstract methods without a body, bodies without a method, and bodies that are wrong.
#include <data.p4>

extern Machine {
    Machine();
    void step();
    abstract bit<8> finish(in bit<8> value);
    abstract void start();
}

control Unused(inout data_t h) {
    Machine() none;
    Machine() some = {
        bit<8> finish(in bit<8> value) { return value; }
        void step() {}
    };
    Machine() wrong = {
        bit<8> finish(in bit<8> value) { return valu; }
        void start() { this.missing(); }
    };
    apply {
        this.step();
    }
}

#include <rest.p4>
