#include "../lower/parts/before.p4"
struct s_t { h_t[0] a; bit<8>[3] b; h_t[100000] c; bit<0> d; bit<100000> e; }
#include "../lower/parts/after.p4"
