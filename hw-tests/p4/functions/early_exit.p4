// `exit` within an action that a function-like block calls ends the control; `return` ends only its own body.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action first() {
        if (hdr.h.a != 9) {
            return;
        }
        hdr.h.d = 9;
    }
    action second(inout bit<8> v) {
        if (v == 2) {
            v = 0xf2;
            exit;
        }
    }

    apply {
        first();
        hdr.h.b = 1;
        second(hdr.h.a);
        hdr.h.c = 2;
    }
}

#include <rest.p4>
