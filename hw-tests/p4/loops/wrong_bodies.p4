#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        for (bit<8> i in 0 .. 3) {
            i = true;
            hdr.h.a = j;
            bit<8> i = 5;
            for (bit<8> j in 0 .. 3) {
                unknown();
            }
            hdr.h.b = j;
        }
        hdr.h.c = i;
        for (bit<8> i = 0; true; i = i + 1) {
            hdr.h.d = i + 16w1;
        }
    }
}

#include <rest.p4>
