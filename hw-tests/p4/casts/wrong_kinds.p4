#include <data.p4>

enum Plain {
    one,
    two
}

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = (bit<8>) hdr.h;
        hdr.h.a = (bit<8>) error.NoError;
        hdr.h.a = (bit<8>) Plain.one;
        Plain p = Plain.one;
        p = (Plain) 1;
        error e = (error) 1;
        pair_t t = (pair_t) 5;
        pair_t u = (pair_t) { 1, 2, 3 };
        data_t d = (data_t) { x = 1 };
        string s = (string) 5;
    }
}

#include <rest.p4>
