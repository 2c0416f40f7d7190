#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int<8> s = 5;
        s = s / 2;
        s = s % s;
        hdr.h.a = hdr.h.a / 0;
        hdr.h.a = hdr.h.a % 8w0;
        const int NEGATIVE = -5 / 2;
        const int REST = 5 % -2;
    }
}

#include <rest.p4>
