// `switch` within `switch`, with `break` of a loop around, on enumerations, `bool` and errors.
#include <data.p4>

enum Kind {
    none,
    skip,
    stop
}

Kind kind(in bit<8> last, in bit<8> i) {
    if (i == last) {
        return Kind.stop;
    }
    return i == 2 ? Kind.skip : Kind.none;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        for (bit<8> i in 0 .. 9) {
            switch (kind(hdr.h.a, i)) {
                Kind.stop: {
                    switch (hdr.h.b == 1) {
                        true: { break; }
                        false: { hdr.h.c = hdr.h.c + 0x10; }
                    }
                }
                Kind.skip: { continue; }
                default: {}
            }
            hdr.h.c = hdr.h.c + 1;
        }
    }
}

#include <rest.p4>
