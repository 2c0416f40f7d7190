#include <data.p4>

struct pair_t {
    bit<8> x;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.setValid();
        meta.setInvalid();
        bool b = true;
        b = hdr.h.isValid;
        b = hdr.h.valid();
        hdr.h.setValid(true);
        hdr.h.isValid() = true;
        hdr.h.a.setValid();
        pair_t p = { 1 };
        p = {#};
        hdr.h.a = {#};
        b = {#};
    }
}

#include <rest.p4>
