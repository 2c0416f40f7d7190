#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct twice_t {
    bit<8> x;
    bool x;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t p = { 1, 2 };
        p.z = 5;
        p.x.y = 5;
        hdr.h.e = 5;
        hdr.h.a.b = 1;
        meta.x.f = 1;
        p = hdr.h;
        p.X = 6;
    }
}

#include <rest.p4>
