// One computes with enumerations with numbers as with the numbers.
#include <data.p4>

enum bit<8> Kind {
    one = 1,
    two = 2
}

enum int<8> Level {
    low = -5,
    high = 5
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = Kind.two + 1;
        hdr.h.c = Kind.two << 1 | Kind.one;
        bit<16> both = Kind.one ++ Kind.two;
        Kind kind = (Kind) (Kind.one + Kind.one);
        hdr.h.d = (kind == Kind.two ? 8w0x10 : 0) + both[7:0] + (Level.low < Level.high ? 8w1 : 0) + (bit<8>) Kind.two[1:1];
    }
}

#include <rest.p4>
