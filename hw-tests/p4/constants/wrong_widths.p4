#include <data.p4>

const bool LIMIT = true;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<(-1)> a;
        bit<(hdr.h.a)> b;
        bit<(1 << 40)> c;
        int<(true)> d;
        bit<(LIMIT + 1)> e;
        varbit<(LIMIT)> f;
        bit<8> g = 9w0x1ff;
    }
}

#include <rest.p4>
