#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bool b = true;
        b = b & b;
        b = b | true;
        b = ~b;
        b = b + 1;
        b = hdr.h.a || b;
        hdr.h.a = b;
    }
}

#include <rest.p4>
