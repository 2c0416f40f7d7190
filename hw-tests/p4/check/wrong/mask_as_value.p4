// Sets where a value is expected.

control C() {
    apply {
        bit<8> x = 1 &&& 2;
        bit<8> y = 1 .. 2;
    }
}
