// `x += f(x)` is `x = x + f(x)`: the old value of `x` counts, whatever the call does to it.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<8> x;
    bit<8> y;
    bit<8> z;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

bit<8> clear(out bit<8> v) {
    v = 0;
    return 5;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.x += clear(hdr.h.x);
        hdr.h.y[7:4] |+|= clear(hdr.h.y)[3:0];
        hdr.h.z = hdr.h.z + clear(hdr.h.z);
    }
}

#include <rest.p4>
