// Constructor arguments are known at compile time, all given, and of the parameters' types.
#include <data.p4>

control Add(inout bit<8> v)(bit<8> by, bool really) {
    apply {
        v = v + by;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Add(hdr.h.a, true) depends;
    Add(1) short;
    Add(1, true, 2) long;
    Add(by = 1, real = true) misspelled;
    Add(true, 1) swapped;
    Add(1, true) right;
    Missing() missing;
    apply {
        depends.apply(hdr.h.a);
        right.apply();
        right.apply(hdr.h);
        right.run(hdr.h.a);
        right(hdr.h.a);
        Add.apply(hdr.h.a);
    }
}

#include <rest.p4>
