#include "../lower/parts/before.p4"
enum bit<8> K { a, b = 1 } enum F { a = 1 } enum string G { a = 1 } enum H { a, a }
#include "../lower/parts/after.p4"
