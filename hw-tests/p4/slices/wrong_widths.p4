#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = hdr.h.b[0+:9];
        hdr.h.a = hdr.h.b[hdr.h.c+:9];
        hdr.h.a = hdr.h.b[4+:5];
        hdr.h.a = hdr.h.b[hdr.h.c+:hdr.h.d];
        hdr.h.a = (bit<8>) hdr.h.b[hdr.h.c+:0];
        hdr.h.a = (bit<8>) hdr.h.b[true+:4];
        hdr.h.a = (bit<8>) hdr.h[hdr.h.c+:4];
    }
}

#include <rest.p4>
