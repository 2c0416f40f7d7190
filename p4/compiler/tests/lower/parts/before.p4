// Headers and metadata of the tests, unless they bring their own.
#include <core.p4>
#include <v1model.p4>

#ifndef OWN_TYPES
header h_t { bit<8> a; bit<8> b; bit<16> c; }
struct headers { h_t h; h_t g; h_t[3] s; }
struct metadata { bit<8> x; bit<8> y; bit<16> z; bool flag; }
#endif
