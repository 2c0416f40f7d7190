// Names that are declared twice.

struct s {}
struct s {}

control C(in bit<8> x) {
    action a() {}
    action a() {}
    apply {
        bit<8> v = 1;
        bit<8> v = 2;
    }
}
