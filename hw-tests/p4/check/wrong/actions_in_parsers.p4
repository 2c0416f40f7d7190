// Actions called by parsers, and called with type arguments.
action set(out bit<8> x) {
    x = 1;
}

parser P() {
    bit<8> x;
    state start {
        set(x);
        transition accept;
    }
}

control C(inout bit<8> x) {
    apply {
        set<bit<8>>(x);
    }
}
