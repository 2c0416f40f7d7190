// Empty statements, empty blocks, blocks of their own with names that hide others.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        ;
        bit<8> x = 1;
        {
            bit<8> y = x;
            {
                bit<8> z = y + x;
                hdr.h.a = z;
            }
            ;
            {}
        }
        if (hdr.h.b == 0) ;
        else hdr.h.b = 9;
        if (hdr.h.c == 0) {} else if (hdr.h.c == 1) ; else { hdr.h.c = 7; }
    }
}

#include <rest.p4>
