// Shifts by constants, by variables of another width, and by the width or more.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> a = hdr.h.a;
        bit<8> by = hdr.h.b;
        int<8> s = (int<8>) a;
        hdr.h.a = a << by;
        hdr.h.b = a >> by;
        hdr.h.c = (bit<8>) (s >> by);
        hdr.h.d = (bit<8>) (s << (bit<2>) by) ^ (a >> 200) ^ (1 << 3);
    }
}

#include <rest.p4>
