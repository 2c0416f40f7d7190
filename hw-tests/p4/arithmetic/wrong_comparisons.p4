#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bool b = true;
        b = hdr.h.a < true;
        b = true < false;
        b = hdr.h.a == hdr.h;
        b = "text" == "text";
        b = hdr.h.a == (int<8>) hdr.h.a;
        b = hdr.h < hdr.h;
        b = hdr.h.a < 5 < 6;
    }
}

#include <rest.p4>
