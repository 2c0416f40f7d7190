#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    pair_t pair = { 1, 2 };
    table by_header {
        key = { hdr.h: exact; }
        actions = { NoAction; }
    }
    table by_struct {
        key = { pair: exact; { hdr.h.a, hdr.h.b }: exact; }
        actions = { NoAction; }
    }
    table by_nothing {
        key = { 5: exact; "text": exact; meta.y: exact; }
        actions = { NoAction; }
    }

    apply {
        by_header.apply();
        by_struct.apply();
        by_nothing.apply();
    }
}

#include <rest.p4>
