#include "../lower/parts/before.p4"
struct pair_t<T> { T a; T b; } struct user_t { pair_t p; h_t<bit<8>> q; pair_t<bit<8>, bool> r; }
#include "../lower/parts/after.p4"
