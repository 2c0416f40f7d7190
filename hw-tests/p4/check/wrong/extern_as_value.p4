// Instances assigned, kept in fields, and declared without a constructor.

extern Box {
    Box();
}

struct holder_t {
    Box box;
}

control C() {
    Box() a;
    Box() b;
    apply {
        a = b;
        Box c;
    }
}
