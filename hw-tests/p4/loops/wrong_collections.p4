#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    data_t[2] items;

    apply {
        for (data_t d in hdr.h) {}
        for (bit<8> d in items) {}
        for (data_t d in 0 .. 3) {}
        for (bit<8> i in true) {}
        for (bit<8> i in 5) {}
        for (bool b in (list<bit<8>>) { 1, 2 }) {}
        for (bit<8> i in hdr.h.a) {}
        for (bit<8> i in 0 .. 3) {
            items[i].v = 1;
        }
    }
}

#include <rest.p4>
