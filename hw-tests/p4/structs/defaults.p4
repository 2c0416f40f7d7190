// `...` stands for default values: zeros, false, the first member, invalid headers.
#include <data.p4>

enum Color {
    red,
    green
}

struct pair_t {
    bit<8> x;
    bit<8> y;
}

struct settings_t {
    bit<8> a;
    bit<8> b;
    bool on;
    pair_t inner;
    Color color;
    error problem;
    data_t other;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        settings_t s = { a = 5, ... };
        hdr.h.a = s.a;
        hdr.h.b = s.b + s.inner.x;
        if (!s.on && s.color == Color.red && s.problem == error.NoError && !s.other.isValid()) {
            hdr.h.c = 1;
        }
        s = { 6, 7, ... };
        hdr.h.d = s.a + s.b + s.inner.y;
        s = ...;
        settings_t none = { ... };
        if (s == none) {
            hdr.h.c = hdr.h.c + s.a + 1;
        }
    }
}

#include <rest.p4>
