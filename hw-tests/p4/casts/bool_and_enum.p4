// Casts between `bool` and `bit<1>`, enumerations and their numbers, new types and what they are made of.
#include <data.p4>

enum bit<8> Color {
    red = 1,
    green = 2
}

type bit<8> port_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bool odd = (bool) hdr.h.a[0:0];
        hdr.h.b = (bit<8>) (bit<1>) !odd;
        Color color = (Color) hdr.h.a;
        hdr.h.c = (bit<8>) color + 1;
        if (color == Color.green) {
            hdr.h.c = 0xcc;
        }
        port_t port = (port_t) hdr.h.d;
        if (port == (port_t) 8w7) {
            hdr.h.d = (bit<8>) port + 0x10;
        }
        Color fixed = (Color) 3;
        hdr.h.a = (bit<8>) fixed + (bit<8>) Color.red + (bit<8>) (bit<1>) true;
    }
}

#include <rest.p4>
