// The same in today's form: field lists by number, annotated fields in several lists.
#include <core.p4>
#include <v1model.p4>

const bit<8> SECOND = 2;

header data_t {
    bit<8> kind;
    bit<8> x;
    bit<8> y;
    bit<8> z;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    @field_list(1)
    bit<8> x;
    @field_list(1, SECOND)
    bit<8> y;
    bit<8> z;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        standard.egress_spec = 1;
        if (standard.instance_type == 0) {
            meta.x = 0x11;
            meta.y = 0x22;
            meta.z = 0x33;
            if (hdr.h.kind == 1) {
                resubmit_preserving_field_list(1);
            } else if (hdr.h.kind == 2) {
                resubmit_preserving_field_list(SECOND);
            } else if (hdr.h.kind == 4) {
                clone_preserving_field_list(CloneType.I2E, 5, SECOND);
            }
        } else {
            hdr.h = { hdr.h.kind, meta.x, meta.y, meta.z };
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.kind == 3 && standard.instance_type == 0) {
            recirculate_preserving_field_list(1);
        }
        if (standard.instance_type == 1) {
            hdr.h = { hdr.h.kind, meta.x, meta.y, meta.z };
        }
    }
}

#include <rest.p4>
