// Entries whose sets do not fit the keys, and priorities out of bounds.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    table exacts {
        key = { hdr.h.a: exact; hdr.h.b: exact; }
        actions = { NoAction; }
        const entries = {
            1: NoAction();
            (1, _): NoAction();
            (1 &&& 1, 2): NoAction();
            (1, 2 .. 3): NoAction();
            (true, 1): NoAction();
        }
    }
    table others {
        key = { hdr.h.a: lpm; hdr.h.b: range; }
        actions = { NoAction; }
        entries = {
            (1 &&& 0x0f, 1): NoAction();
            (1, 3 .. 2): NoAction();
            (1, 3 &&& 2): NoAction();
            priority = -1: (1, 1): NoAction();
        }
    }
    apply {
        exacts.apply();
        others.apply();
    }
}

#include <rest.p4>
