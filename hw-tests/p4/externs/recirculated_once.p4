// recirculate: the packet as it was sent comes in again, with the metadata of the field list.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
    bit<8> b;
    bit<8> c;
    bit<8> d;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    @field_list(2)
    bit<8> kept;
    bit<8> lost;
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = hdr.h.a + 1;
        hdr.h.b = meta.kept;
        hdr.h.c = meta.lost;
        if (standard.instance_type == 0) {
            meta.kept = 7;
            meta.lost = 8;
            recirculate_preserving_field_list(2);
        } else {
            hdr.h.d = standard.instance_type[7:0];
        }
    }
}

#include <rest.p4>
