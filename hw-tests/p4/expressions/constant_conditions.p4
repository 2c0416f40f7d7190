// Conditions known at compile time: only the branch taken counts, in `if`, `?:`, `&&`, `||` and loops.
#include <data.p4>

const int VERSION = 7;
const bool DEBUG = false;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (VERSION > 5) {
            hdr.h.b = 1;
        } else {
            hdr.h.b = 2;
        }
        hdr.h.c = VERSION == 7 ? 8w3 : 4;
        if (DEBUG && hdr.h.a == 1) {
            hdr.h.b = 9;
        }
        if (DEBUG || hdr.h.a == 1) {
            hdr.h.d = 5;
        }
        for (bit<8> i = 0; DEBUG; i = i + 1) {
            hdr.h.d = i;
        }
    }
}

#include <rest.p4>
