#define OWN_INGRESS
#include "../lower/parts/before.p4"
control S(inout h_t h) { table t { key = { h.a: exact; } actions = { NoAction; } } apply { t.apply(); } }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    S() s;
    apply {
        s.apply(hdr.h); s.apply(hdr.g);
    }
}
#include "../lower/parts/after.p4"
