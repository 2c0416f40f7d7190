#include <data.p4>

enum Color {
    red,
    green
}

enum bit<8> Kind {
    one = 1,
    two = 2
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        Color c = Color.red;
        c = Color.purple;
        c = 1;
        c = Kind.one;
        hdr.h.a = Color.red;
        c = c + Color.red;
        Kind k = Kind.two;
        k = 1;
        k = Kind.one + 1;
        if (c == k) {}
        if (c < Color.red) {}
        c = Color;
    }
}

#include <rest.p4>
