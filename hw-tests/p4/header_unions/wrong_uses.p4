#include <data.p4>

header_union either_t {
    data_t first;
    data_t second;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    either_t u;

    apply {
        either_t v;
        u.setValid();
        u = { hdr.h, hdr.h };
        u.third.a = 1;
        u.first = u;
        v = { first = hdr.h };
        if (u == hdr.h) {}
        hdr.h.a = u.a;
    }
}

#include <rest.p4>
