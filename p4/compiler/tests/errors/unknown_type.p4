#include "../lower/parts/before.p4"
struct s_t { bitt<8> a; hh_t h; } const uint8 x = 1;
#include "../lower/parts/after.p4"
