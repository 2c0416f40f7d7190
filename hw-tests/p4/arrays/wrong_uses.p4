#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8>[3] t = { 1, 2, 3 };
        t = { 1, 2 };
        t[3] = 1;
        t = 5;
        t.next = 1;
        t.push_front(1);
        hdr.h.a = t;
        hdr.h.a = t[true];
        bit<8>[0] none;
        packet_in[2] packets;
        bit<8>[hdr.h.a] many;
        if (t == (bit<8>[4]) { 1, 2, 3, 4 }) {}
    }
}

#include <rest.p4>
