#define OWN_INGRESS
#include "../lower/parts/before.p4"

enum bit<8> kind_t { A = 1, B = 2 }
enum color_t { RED, GREEN }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    apply {
        // The sum is a bit<8>, which does not become a kind_t by itself.
        kind_t kind = kind_t.A + kind_t.B;
        kind = ~kind;
        bool less = color_t.RED < color_t.GREEN;
    }
}
#include "../lower/parts/after.p4"
