control C() {
    apply {
        if (true) {
            a = 1;
    }
}
struct S { bit<8> a; }
const int x = (1 + 2;
