#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        for (bit<8> i = 0; i + 1; i = i + 1) {}
        for (bit<8> i in 0 .. true) {}
        for (bit<8> i in hdr.h) {}
        for (bool b in 0 .. 1) {}
        for (bit<8> i in hdr.h.a .. hdr.h.b[3:0]) {}
        for (bit<16> i in (list<bit<8>>) { 1, 2 }) {}
        for (i = 0; i < 5; i = i + 1) {}
        break;
        continue;
    }
}

#include <rest.p4>
