// `&&`, `||` and `?:` do only what is needed of their right sides.
#include <data.p4>

bool tell(inout bit<8> count, in bool result) {
    count = count + 1;
    return result;
}

bit<8> add(inout bit<8> count, in bit<8> by) {
    count = count + by;
    return count;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    bit<8> count;

    apply {
        count = 0;
        bool both = hdr.h.a > 5 && tell(count, true);
        bool either = hdr.h.a > 5 || tell(count, false);
        hdr.h.b = count;
        bit<8> chosen = hdr.h.a > 5 ? add(count, 16) : add(count, 32);
        hdr.h.c = count;
        hdr.h.d = 0;
        if (both) {
            hdr.h.d = hdr.h.d + 1;
        }
        if (either) {
            hdr.h.d = hdr.h.d + 2;
        }
        if (false && tell(count, true) || true) {
            hdr.h.d = hdr.h.d + chosen;
        }
    }
}

#include <rest.p4>
