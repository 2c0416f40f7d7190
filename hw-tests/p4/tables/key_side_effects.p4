// The parts of a key are computed before the table is applied, calls in them included, each time anew.
#include <data.p4>

bit<8> next(inout bit<8> counter) {
    counter = counter + 1;
    return counter;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.d = hdr.h.d + v; }
    table t {
        key = {
            next(hdr.h.b): exact @name("next");
            hdr.h.b: exact;
        }
        actions = { set; NoAction; }
        const entries = {
            (1, 1): set(0x10);
            (2, 2): set(0x02);
        }
    }
    apply {
        t.apply();
        if (t.apply().hit) {
            hdr.h.c = 0xcc;
        }
    }
}

#include <rest.p4>
