#define OWN_PARSER
#define OWN_TYPES
#include "parts/before.p4"
// Stacks, unions, varbits, sub-parsers, value sets, lookahead.
header tag_t { bit<4> kind; bit<3> pad; bit<1> last; }
header opt_t { bit<8> length; varbit<320> data; }
header a_t { bit<8> a; }
header b_t { bit<16> b; }
header_union u_t { a_t a; b_t b; }
struct headers { tag_t[4] tags; opt_t opt; u_t u; u_t[2] us; a_t x; a_t y; }
struct metadata { bit<8> count; bit<16> word; }
struct match_t { bit<8> v; @match(ternary) bit<16> w; }
error { TooMany }
parser Sub(packet_in packet, out a_t h, inout bit<8> count)(bit<8> most) {
    bit<8> seen = 0;
    state start {
        packet.extract(h);
        seen = seen + 1;
        count = count + 1;
        verify(count <= most, error.TooMany);
        transition select(h.a) { 0: start; 1: reject; default: accept; }
    }
}
parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    Sub(9) sub;
    value_set<bit<8>>(4) ports;
    value_set<match_t>(8) pairs;
    state start {
        packet.extract(hdr.tags.next);
        transition select(hdr.tags.last.last, hdr.tags.lastIndex) {
            (1, _): options;
            (0, 3): reject;
            default: start;
        }
    }
    state options {
        tag_t ahead = packet.lookahead<tag_t>();
        bit<8> length = packet.lookahead<bit<8>>();
        packet.extract(hdr.opt, (bit<32>) length * 8);
        packet.advance(16);
        sub.apply(packet, hdr.x, meta.count);
        sub.apply(packet, hdr.y, meta.count);
        meta.word = (bit<16>) packet.length();
        transition select(hdr.x.a) { ports: union_a; 5 .. 7: union_b; default: accept; }
    }
    state union_a { packet.extract(hdr.u.a); packet.extract(hdr.us.next.b); transition select(hdr.x.a, meta.word) { pairs: accept; } }
    state union_b { packet.extract(hdr.u.b); transition accept; }
}
#include "parts/after.p4"
