// Generic structs, headers, unions and stacks of them, with types that are generic themselves.
#include <core.p4>
#include <v1model.p4>

header value_t<T> {
    T v;
}

struct pair_t<A, B> {
    A first;
    B second;
}

header_union either_t<T, U> {
    value_t<T> narrow;
    value_t<U> wide;
}

typedef value_t<bit<8>> byte_t;

struct headers_t {
    byte_t byte;
    value_t<bit<16>> word;
    value_t<bit<8>>[2] more;
    either_t<bit<8>, bit<24>> end;
}

struct metadata_t {
    pair_t<bit<8>, pair_t<bit<4>, bit<4>>> kept;
}

pair_t<U, T> turned<T, U>(in pair_t<T, U> p) {
    return { p.second, p.first };
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.byte);
        packet.extract(hdr.word);
        packet.extract(hdr.more.next);
        packet.extract(hdr.more.next);
        packet.extract(hdr.end.wide);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        meta.kept = { hdr.byte.v, { 1, hdr.byte.v[3:0] } };
        pair_t<pair_t<bit<4>, bit<4>>, bit<8>> other = turned(meta.kept);
        hdr.word.v = other.first.second ++ other.first.first ++ other.second;
        pair_t<bit<8>, bit<8>> last = { hdr.more[1].v, 0x44 };
        hdr.more[0] = { last.second };
        if (hdr.end.wide.isValid()) {
            hdr.end.narrow.setValid();
            hdr.end.narrow.v = turned(last).second;
        }
    }
}

#include <rest.p4>
