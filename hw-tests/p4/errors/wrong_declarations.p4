#include <data.p4>

error {
    Mine,
    Mine,
    NoError
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
