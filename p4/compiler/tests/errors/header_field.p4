#include "../lower/parts/before.p4"
header wrong_t { string s; }  header two_t { varbit<8> a; varbit<8> b; } struct s_t { bit<8> a; bit<16> a; }
#include "../lower/parts/after.p4"
