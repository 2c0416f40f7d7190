// Arrays of `bool`, enumerations, errors, tuples and varbits, and of stacks of headers.
#include <data.p4>

enum Color {
    red,
    green
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<2> at = hdr.h.a[1:0];
        bool[4] flags = { false, true, false, true };
        flags[at] = !flags[at];
        Color[3] colors = { Color.red, ... };
        colors[at] = Color.green;
        error[2] problems = { error.NoError, error.NoMatch };
        tuple<bit<8>, bool>[2] pairs = { { 1, true }, { 2, false } };
        data_t[2][2] stacks;
        stacks[at][1] = hdr.h;
        stacks[1].push_front(1);
        hdr.h.b = (flags[1] ? 8w1 : 0) + (colors[1] == Color.green ? 8w2 : 0)
            + (problems[at[0:0]] == error.NoMatch ? 8w4 : 0) + (pairs[at][1] ? 8w8 : 0);
        hdr.h.c = pairs[at][0];
        hdr.h.d = (stacks[0][1].isValid() ? 8w1 : 0) + (stacks[1][1].isValid() ? 8w2 : 0) + (stacks[at][1].isValid() ? 8w4 : 0);
    }
}

#include <rest.p4>
