// A parser that is applied in one branch of an if, and in blocks within it.
#include <core.p4>
#include <v1model.p4>

header tag_t {
    bit<8> kind;
}

header value_t {
    bit<8> v;
}

struct headers_t {
    tag_t tag;
    value_t value;
    value_t more;
}

struct metadata_t {}

parser Value(packet_in packet, out value_t v, in bit<8> wanted) {
    state start {
        packet.extract(v);
        transition select(v.v) {
            0: reject;
            default: accept;
        }
    }
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Value() value;
    state start {
        packet.extract(hdr.tag);
        if (hdr.tag.kind == 1) {
            value.apply(packet, hdr.value, 1);
        } else {
            if (hdr.tag.kind == 2) {
                value.apply(packet, hdr.value, 2);
                { value.apply(packet, hdr.more, 3); }
            }
            hdr.tag.kind = hdr.tag.kind + 0x80;
        }
        hdr.tag.kind = hdr.tag.kind + 0x10;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.value.isValid()) { hdr.value.v = hdr.value.v + 1; }
        if (hdr.more.isValid()) { hdr.more.v = hdr.more.v + 2; }
    }
}

#include <rest.p4>
