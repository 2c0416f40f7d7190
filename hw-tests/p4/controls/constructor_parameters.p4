// A control's constructor parameters are constants of each instance, in instances within instances, too.
#include <data.p4>

control Add(inout bit<8> v)(bit<8> by) {
    apply {
        v = v + by;
    }
}

control Twice(inout bit<8> v)(bit<8> by, bool really) {
    Add(by) once;
    Add(by + 1) again;
    apply {
        once.apply(v);
        if (really) {
            again.apply(v);
        }
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Twice(1, true) small;
    Twice(0x10, false) single;
    Twice(really = true, by = 0x20) named;
    apply {
        small.apply(hdr.h.a);
        single.apply(hdr.h.b);
        named.apply(hdr.h.c);
    }
}

#include <rest.p4>
