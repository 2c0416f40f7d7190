#include <data.p4>

struct twice_t<T, T> {
    T x;
}

struct recursive_t<T> {
    recursive_t<T> x;
}

header holds_t<T> {
    T v;
}

struct uses_t {
    holds_t<error> e;
    holds_t<data_t> h;
    holds_t x;
}

T no_type(in T x) {
    return x;
}

typedef holds_t generic_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>
