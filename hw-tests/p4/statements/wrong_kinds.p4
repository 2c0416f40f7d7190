#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.a) {}
        if (1) {}
        return 5;
        bit<8> x = 1;
        bit<8> x = 2;
        y = 5;
        void v;
    }
}

#include <rest.p4>
