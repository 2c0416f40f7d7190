#include <data.p4>

enum Color {
    red,
    green
}

enum bit<8> Kind {
    one = 1
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        Color c = Color.red;
        c = (Color) 1;
        c = (Color) hdr.h.a;
        hdr.h.a = (bit<8>) c;
        Kind k = (Kind) hdr.h.a[3:0];
        k = (Kind) true;
        k = (Kind) c;
        hdr.h.a[3:0] = (bit<4>) (Kind) 1 + true;
        bool b = (bool) Kind.one;
    }
}

#include <rest.p4>
