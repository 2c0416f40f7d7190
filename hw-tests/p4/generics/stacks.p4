// Generic functions over headers and stacks of headers.
#include <data.p4>

H chosen<H>(in H[2] items, in bit<8> i) {
    if (i == 0) {
        return items[0];
    }
    return items[1];
}

bool valid(in data_t h) {
    return h.isValid();
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        data_t[2] s;
        s[0] = hdr.h;
        s[1] = { 9, 8, 7, 6 };
        hdr.h = chosen(s, hdr.h.a);
        bool there = valid(s[0]) && !valid((data_t) {#});
        hdr.h.d = there ? 8w1 : 2;
    }
}

#include <rest.p4>
