// A table in a parser.
#include <core.p4>

parser P() {
    table t {
        actions = { NoAction; }
    }
    state start { transition accept; }
}
