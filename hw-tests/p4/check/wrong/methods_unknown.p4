// Methods that a type does not have.

header data_t {
    bit<8> a;
}

extern Box {
    Box();
    void put(in bit<8> x);
}

control C(inout data_t h, in bit<8> x) {
    Box() box;
    apply {
        box.puts(x);
        box.put();
        h.setvalid();
        h.isValid(1);
        x.isValid();
        h.push_front(1);
    }
}
