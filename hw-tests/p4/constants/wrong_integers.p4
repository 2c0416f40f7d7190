#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        int x = 5;
        x = 6;
        const int y = 1 << -1;
        const int z = ~5;
        const int w = 5 ++ 6;

        int<8> s = 8w5;
        hdr.h.a = 16w5;
        hdr.h.a = y;
    }
}

#include <rest.p4>
