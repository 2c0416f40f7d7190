// Arrays of constants, chosen by constants and at run time.
#include <data.p4>

struct named_t {
    bit<8> code;
    bool on;
}

const bit<8>[5] SQUARES = { 0, 1, 4, 9, 16 };
const named_t[2] NAMED = { { 0x10, false }, { code = 0x21, on = true } };

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = SQUARES[hdr.h.a];
        hdr.h.c = NAMED[hdr.h.a[0:0]].code + NAMED[1].code;
        if (NAMED[hdr.h.a[0:0]].on) {
            hdr.h.d = SQUARES[3];
        }
    }
}

#include <rest.p4>
