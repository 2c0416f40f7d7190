// Calls of actions that leave out data, and give too much.

control C(inout bit<8> x) {
    action a(in bit<8> p, bit<8> d) {}
    apply {
        a(x);
        a(x, 1, 2);
    }
}
