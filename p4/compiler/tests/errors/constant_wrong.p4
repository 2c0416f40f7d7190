#include "../lower/parts/before.p4"
const bit<8> a = true; const bit<8> b = a + c; const bool c = 1 == true;
#include "../lower/parts/after.p4"
