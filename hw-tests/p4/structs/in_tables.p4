// Fields of structs as keys, structs written by actions, and structs of metadata that egress sees.
#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    pair_t meta_pair;
    action turn() {
        meta_pair = { meta_pair.y, meta_pair.x };
    }
    action set(bit<8> v) {
        meta_pair = { x = v, y = v };
    }
    table by_pair {
        key = {
            meta_pair.x: exact;
            meta_pair.y: exact;
        }
        actions = { turn; set; NoAction; }
        const entries = {
            (1, 2): turn();
            (1, 3): set(7);
        }
        default_action = NoAction;
    }

    apply {
        meta_pair = { hdr.h.a, hdr.h.b };
        by_pair.apply();
        hdr.h.c = meta_pair.x;
        hdr.h.d = meta_pair.y;
    }
}

#include <rest.p4>
