#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        tuple<bit<8>, bool> t = { 1, true };
        t[0] = 5;
        hdr.h.a = t[2];
        hdr.h.a = t[-1];
        hdr.h.a = t[1];
        hdr.h.a = t[hdr.h.b];
        t = { 1 };
        t = { true, 1 };
        hdr.h.a = t.x;
        tuple<bit<8>> one = t;
        if (t == one) {}
    }
}

#include <rest.p4>
