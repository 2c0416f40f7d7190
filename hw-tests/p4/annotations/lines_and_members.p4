// A string over several lines, and a field list whose number is an enumeration's member.
#include <core.p4>
#include <v1model.p4>

enum bit<8> Keep {
    CLONE = 8w3
}

header data_t {
    bit<8> a;
    bit<8> b;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    @field_list(Keep.CLONE)
    bit<8> kept;
    bit<8> lost;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action send(bit<9> port) {
        standard.egress_spec = port;
    }
    @entry_restriction("
        // Port 0 is nobody's.
        a != 0 && a != '7';
    ")
    table t {
        key = { hdr.h.a: exact; }
        actions = { send; NoAction; }
    }
    apply {
        meta.kept = 0x77;
        meta.lost = 0x88;
        clone_preserving_field_list(CloneType.I2E, 5, Keep.CLONE);
        t.apply();
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.instance_type == 1) {
            hdr.h.a = meta.kept;
            hdr.h.b = meta.lost;
        }
    }
}

#include <rest.p4>
