// Section 6.8: headers of an out parameter are invalid when the callee starts, whatever the argument was.
#include <data.p4>

control Make(out data_t h, in bool make, out bit<8> was) {
    apply {
        was = h.isValid() ? 8w1 : 0;
        if (make) {
            h.setValid();
            h = { 1, 2, 3, 4 };
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> was;
        bit<8> kept = hdr.h.a;
        Make.apply(hdr.h, hdr.h.a == 0, was);
        if (!hdr.h.isValid()) {
            hdr.h.setValid();
            hdr.h = { kept, was, 0xcc, 0xdd };
        }
    }
}

#include <rest.p4>
