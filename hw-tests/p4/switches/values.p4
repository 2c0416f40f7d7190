// `switch` on numbers: several labels for one block, blocks that are shared, `default`, and none that fits.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        switch (hdr.h.a) {
            1: { hdr.h.b = 0x11; }
            2:
            3: { hdr.h.b = 0x23; }
            8w4 + 1: { hdr.h.b = 0x55; }
            default: { hdr.h.b = 0xff; }
        }
        switch (hdr.h.a[0:0] ++ hdr.h.b[0:0]) {
            2w0b11: { hdr.h.c = 1; }
            2w0b00: { hdr.h.c = 2; }
        }
        switch ((int<8>) hdr.h.a) {
            -1: { hdr.h.d = 3; }
            5: { hdr.h.d = 4; return; }
        }
        hdr.h.d = hdr.h.d + 1;
    }
}

#include <rest.p4>
