#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> s = 1;
        s = (int<8>) hdr.h.a[3:0];
        bit<16> w = (bit<16>) s;
        bool b = (bool) hdr.h.a;
        hdr.h.a = (bit<8>) true;
        hdr.h.a = s;
        hdr.h.a = (bit<4>) hdr.h.a;
        s = hdr.h.a;
        int unknown = (int) hdr.h.a;
    }
}

#include <rest.p4>
