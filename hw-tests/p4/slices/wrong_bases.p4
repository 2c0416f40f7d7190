#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bool b = true;
        b = b[0:0] == 1;
        hdr.h.a = hdr.h[7:0];
        hdr.h.a[3:0][5:4] = 1;
        (hdr.h.a + 1)[3:0] = 5;
        hdr.h.a = error.NoError[7:0];
    }
}

#include <rest.p4>
