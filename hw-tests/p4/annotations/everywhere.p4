// Annotations of both forms wherever the grammar has them; those that the compiler does not know are passed by.
#include <core.p4>
#include <v1model.p4>

@brief("a header") @size[32]
header data_t {
    @format("%d") bit<8> a;
    @unknown(anything (goes, in) [here] { x == 1; } 0x5 "text" &&& .. ? ) bit<8> b;
    @list[1, 2 + 3, "four", true] @empty[] @also()
    bit<8> c;
    @pairs[first = 1, second = "two"] bit<8> d;
}

@hidden
struct headers_t {
    @name("h") data_t h;
}

struct metadata_t {}

@pure
extern bit<8> never_called(@optional in bit<8> x);

@noWarn("unused")
bit<8> half(@unused in bit<8> x) {
    @likely { return x >> 1; }
}

@inline
#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @hidden @id(0x01abcdef)
    action set(@width(8) bit<8> v) { hdr.h.b = v; }
    @pragma stage 3
    @id[0x02000001]
    table t {
        @doc("of the key")
        key = { hdr.h.a: exact @name("a") @other; }
        actions = { @first set; @defaultonly NoAction; }
        @comment const default_action = NoAction();
        const entries = {
            1: set(2) @entry("one");
        }
    }
    @local bit<8> x = 0;
    apply @whole {
        t.apply();
        @loop for (@index bit<8> i in 8w1 .. 3) {
            x = x + i;
        }
        @block { hdr.h.c = half(x); }
        switch (hdr.h.d) {
            0: @rare { hdr.h.d = 5; }
        }
    }
}

#include <rest.p4>
