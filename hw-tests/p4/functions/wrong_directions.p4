#include <data.p4>

struct pair_t {
    bit<8> x;
    bit<8> y;
}

void set(out bit<8> v) {
    v = 1;
}

void change(inout pair_t p) {
    p.x = 1;
}

void read(in bit<8> v) {
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    const pair_t pair = { 1, 2 };
    tuple<bit<8>, bool> t = { 1, true };

    apply {
        const bit<8> fixed = 5;
        set(fixed);
        set(hdr.h.a + 1);
        set((bit<8>) hdr.h.a);
        set(hdr.h.a[3:0] ++ hdr.h.a[7:4]);
        set(pair.x);
        set(t[0]);
        change({ 1, 2 });
        change(_);
        read(_);
    }
}

#include <rest.p4>
