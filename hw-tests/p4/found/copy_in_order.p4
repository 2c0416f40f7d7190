// The value for an `inout` parameter is copied in when its argument is evaluated: before the calls in later arguments
// change the variable (section 6.8).
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<8> a;
    bit<8> b;
    bit<8> c;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

bit<8> double(inout bit<8> z) {
    z = z + z;
    return z;
}

bit<8> both(inout bit<8> x, in bit<8> y) {
    x = x + 1;
    return x + y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.c = both(hdr.h.a, double(hdr.h.a));
    }
}

#include <rest.p4>
