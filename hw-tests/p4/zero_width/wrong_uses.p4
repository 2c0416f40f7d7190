#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    bit<0> key = 0;
    action set(bit<0> v) {
        hdr.h.a = 1;
    }
    table by_nothing {
        key = { key: exact; }
        actions = { set; NoAction; }
    }

    apply {
        bit<0> z = 0;
        hdr.h.a = z;
        z = hdr.h.a;
        hdr.h.a = hdr.h.a + z;
        bit<8> s = z[0:0] ++ 7w0;
        bool b = z;
        by_nothing.apply();
    }
}

#include <rest.p4>
