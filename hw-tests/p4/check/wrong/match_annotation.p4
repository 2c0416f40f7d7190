// `@match` with something else than a match kind.
#include <core.p4>

struct keys_t {
    @match(ternary) bit<8> a;
    @match(nearly) bit<8> b;
}
