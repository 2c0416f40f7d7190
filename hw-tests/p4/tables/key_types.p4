// Keys of every scalar type: conditions, validity, enumerations of both sorts, errors, signed numbers, slices, masks, new types.
#include <core.p4>
#include <v1model.p4>

enum Color { Red, Green }
enum bit<8> Kind { One = 1, Many = 0x80 }
type bit<8> port_id_t;

header data_t {
    bit<8> a;
    int<8> s;
    Kind kind;
    bit<8> result;
}

struct headers_t {
    data_t h;
    data_t never;
}

struct metadata_t {
    Color color;
    bool odd;
    port_id_t id;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.result = v; }
    table t {
        key = {
            meta.odd: exact;
            meta.color: exact;
            hdr.h.kind: exact @name("kind");
            hdr.never.isValid(): exact;
            standard.parser_error: exact;
        }
        actions = { set; NoAction; }
        const entries = {
            (true, Color.Red, Kind.One, false, error.NoError): set(1);
            (false, Color.Green, Kind.Many, false, error.NoError): set(2);
            (false, Color.Green, Kind.Many, true, error.NoError): set(3);
        }
    }
    table signed_keys {
        key = {
            hdr.h.s: exact;
            hdr.h.a[7:4]: exact;
            hdr.h.a & 0x0f: exact @name("low");
            meta.id: exact;
        }
        actions = { set; NoAction; }
        const entries = {
            (-1, 5, 5, (port_id_t) 0x55): set(0x11);
            (-128, 0xa, 0, (port_id_t) 0xa0): set(0x12);
        }
    }
    apply {
        meta.odd = hdr.h.a[0:0] == 1;
        meta.color = meta.odd ? Color.Red : Color.Green;
        meta.id = (port_id_t) hdr.h.a;
        if (!t.apply().hit) {
            signed_keys.apply();
        }
    }
}

#include <rest.p4>
