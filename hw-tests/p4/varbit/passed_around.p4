// Varbits as parameters, results, parts of tuples and structs, and in a choice.
#include <core.p4>
#include <v1model.p4>

header option_t {
    bit<8> bytes;
    varbit<32> v;
}

struct headers_t {
    option_t a;
    option_t b;
    option_t c;
}

struct option_data_t {
    bit<8> bytes;
    varbit<32> v;
}

struct metadata_t {
    option_data_t data;
}

option_data_t pick(in bool first, in option_data_t x, in option_data_t y) {
    if (first) {
        return x;
    }
    return y;
}

void swap(inout varbit<32> x, inout varbit<32> y) {
    varbit<32> kept = x;
    x = y;
    y = kept;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.a, (bit<32>) packet.lookahead<bit<8>>() * 8);
        packet.extract(hdr.b, (bit<32>) packet.lookahead<bit<8>>() * 8);
        packet.extract(hdr.c, (bit<32>) packet.lookahead<bit<8>>() * 8);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        // c becomes the longer one of a and b.
        meta.data = pick(hdr.a.bytes > hdr.b.bytes, { hdr.a.bytes, hdr.a.v }, { hdr.b.bytes, hdr.b.v });
        tuple<bit<8>, varbit<32>> pair = { meta.data.bytes, meta.data.v };
        hdr.c.bytes = pair[0];
        hdr.c.v = pair[1];
        // a and b change places.
        swap(hdr.a.v, hdr.b.v);
        bit<8> bytes = hdr.a.bytes;
        hdr.a.bytes = hdr.b.bytes;
        hdr.b.bytes = bytes;
        // If a is now empty, it becomes c.
        varbit<32> chosen = hdr.a.bytes == 0 ? hdr.c.v : hdr.a.v;
        hdr.a.v = chosen;
        if (hdr.a.bytes == 0) {
            hdr.a.bytes = hdr.c.bytes;
        }
    }
}

#include <rest.p4>
