#include "../lower/parts/before.p4"
header odd_t { bit<3> a; bit<7> b; }
#include "../lower/parts/after.p4"
