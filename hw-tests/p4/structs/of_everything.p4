// A struct of headers, unions, stacks, tuples, errors, varbits and numbers: copied and compared whole.
#include <data.p4>

header_union either_t {
    data_t x;
    data_t y;
}

struct all_t {
    data_t h;
    data_t[2] s;
    either_t u;
    tuple<bit<8>, bool> t;
    error e;
    varbit<32> v;
    int<8> i;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        all_t one;
        one.h = hdr.h;
        one.s[1] = hdr.h;
        one.u.y = hdr.h;
        one.t = { 1, true };
        one.e = error.NoMatch;
        one.i = -3;
        all_t two = one;
        hdr.h.b = two == one ? 8w1 : 0;
        two.s[0].setValid();
        hdr.h.b = hdr.h.b + (two == one ? 8w2 : 0);
        two = one;
        two.u.x = hdr.h;
        hdr.h.c = (two == one ? 8w1 : 0) + (two.u.y.isValid() ? 8w2 : 0);
        two = one;
        two.t = { 1, false };
        hdr.h.d = two != one && two.e == error.NoMatch && two.i == -3 ? two.s[1].a : 0;
    }
}

#include <rest.p4>
