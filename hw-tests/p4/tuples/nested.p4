// Tuples of headers and structs, tuples without and with one part, as data of externs.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        tuple<data_t, tuple<bit<8>, bool>> t = { hdr.h, { 3, true } };
        hdr.h.b = t[0].a + t[1][0];
        tuple<> none = {};
        tuple<bit<8>> one = { hdr.h.b };
        if (none == {} && one == { hdr.h.b } && t[1][1]) {
            hdr.h.c = 1;
        }
        bit<16> sum;
        hash(sum, HashAlgorithm.identity, 16w0, { one, { hdr.h.a } }, 32w0x10000);
        hdr.h.d = sum[15:8] - sum[7:0];
    }
}

#include <rest.p4>
