#include <data.p4>

type bit<8> port_t;
type bit<8> link_t;
type bit<8>[2] array_t;
type data_t header_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        port_t p = (port_t) 5;
        p = 5;
        port_t q = (port_t) 5;
        hdr.h.a = q;
        q = q + 1;
        link_t l = (link_t) (bit<8>) q;
        l = q;
        if (l == q) {}
    }
}

#include <rest.p4>
