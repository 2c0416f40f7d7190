// Annotations of one name: unstructured ones may stand several times, and values of structured ones are computed.
#include <data.p4>

const bit<8> TWO = 2;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @mark(one) @mark(two words) @mark("three")
    action set(bit<8> v) { hdr.h.b = v; }
    @list[1, TWO + 1, "text" ++ "s", 1 == 1] @pairs[a = 1, b = "x", c = TWO != 2]
    table t {
        key = { hdr.h.a: exact; }
        actions = { set; NoAction; }
        const entries = { 1: set(7); }
    }
    apply {
        t.apply();
    }
}

#include <rest.p4>
