// Parsers: locals, states, every form of select.
extern packet_in { void extract<T>(out T h); T lookahead<T>(); }
header H { bit<16> a; bit<8> b; }
struct Set { @match(lpm) bit<16> a; bit<8> b; }
parser Sub(packet_in p, out H h)(bit<8> limit) {
    state start {
        p.extract(h);
        transition accept;
    }
}
parser P(packet_in p, out H h, inout bit<8> m) {
    const bit<16> K = 5;
    bit<8> counter = 0;
    Sub(3) sub;
    value_set<bit<16>>(4) ports;
    @name("pairs") value_set<Set>(8) pairs;
    value_set<tuple<bit<16>, bit<8>>>(2) tuples;
    @name("first")
    state start {
        sub.apply(p, h);
        transition one;
    }
    state one {
        bit<8> local = 1;
        counter = counter + local;
        if (counter > 3) { m = 1; } else m = 2;
        { m = 3; }
        transition select(h.a) {
            0: two;
            16w0x800: two;
            K + 1: two;
            (K): two;
            (K) + 2: two;
            5 .. 9: two;
            0x10 &&& 0xF0: two;
            m == 1 ? 16w1 : 2: two;
            (m == 1) ? 16w1 : 2: two;
            ports: two;
            _: accept;
        }
    }
    state two {
        transition select(h.a, h.b, p.lookahead<bit<8>>()) {
            (1, 2, 3): three;
            (1 .. 2, _, 3 &&& 7): three;
            ((1 + 2) * 3, {4}[0], f(1, 2)): three;
            (default, default, default): three;
            tuples: three;
            default: reject;
        }
    }
    state three {
        Sub.apply(p, h);
    }
    state empty {}
}
