// Headers of the pipeline in structs inside one another, and stacks and unions in these.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
}

header wide_t {
    bit<16> w;
}

header_union either_t {
    data_t narrow;
    wide_t wide;
}

struct inner_t {
    data_t[2] stack;
    either_t either;
}

struct headers_t {
    data_t h;
    inner_t inner;
}

struct metadata_t {}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition select(hdr.h.a) {
            1: stack;
            2: wide;
            default: accept;
        }
    }
    state stack {
        packet.extract(hdr.inner.stack.next);
        packet.extract(hdr.inner.stack.next);
        transition accept;
    }
    state wide {
        packet.extract(hdr.inner.either.wide);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        inner_t copy = hdr.inner;
        copy.stack[0].a = copy.stack[0].a + 1;
        copy.either.wide.w = copy.either.wide.w + 1;
        hdr.inner = copy;
    }
}

#include <rest.p4>
