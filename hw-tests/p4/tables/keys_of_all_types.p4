// Keys of every type: `bool`, signed numbers, enumerations, errors, new types, computed ones.
#include <data.p4>

enum Color {
    red,
    green
}

type bit<8> number_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Color color;
    error problem;
    action set(bit<8> v) {
        hdr.h.d = v;
    }
    table all {
        key = {
            color: exact @name("color");
            problem: exact @name("problem");
            (int<8>) hdr.h.c: exact @name("level");
            hdr.h.a == 1: exact @name("one");
            (number_t) hdr.h.a: exact @name("number");
            hdr.h.a + hdr.h.b: exact @name("sum");
        }
        actions = { set; }
        default_action = set(0x33);
        const entries = {
            (Color.green, error.NoMatch, -1, true, (number_t) 8w1, 2): set(0x11);
            (Color.red, error.NoError, 5, false, (number_t) 8w0, 0): set(0x22);
        }
    }

    apply {
        color = hdr.h.a == 1 ? Color.green : Color.red;
        problem = hdr.h.b == 1 ? error.NoMatch : error.NoError;
        all.apply();
    }
}

#include <rest.p4>
