#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        tuple<bit<8>, bool> t = { 1, true };
        tuple<bool, bit<8>> u = { true, 1 };
        t = u;
        if (t == u) {}
        t = { 1, true, 2 };
        t = { x = 1, y = true };
        t = 5;
        t[1] = false;
        tuple<void> v;
        tuple<bit<8>, string> s = { 1, "text" };
        hdr.h.a = t + t;
    }
}

#include <rest.p4>
