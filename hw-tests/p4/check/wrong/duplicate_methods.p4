// Methods and constructors that no call can tell apart.

extern Box {
    Box(bit<8> size);
    Box(bit<16> size);
    void f();
    void f();
    void g(bit<8> a, bit<8> a);
}
