// Things that are no values.

control C(inout bit<8> x) {
    action a() {}
    apply {
        x = a;
        x = C;
        x = nobody;
    }
}
