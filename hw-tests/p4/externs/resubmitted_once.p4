// resubmit: the packet starts again as it came, with the metadata of the field list kept and everything else new.
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
    @field_list(1)
    bit<8> kept;
    bit<8> lost;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = meta.kept;
        hdr.h.c = meta.lost;
        hdr.h.d = standard.instance_type[7:0];
        if (standard.instance_type == 0 && hdr.h.a == 1) {
            meta.kept = 5;
            meta.lost = 6;
            hdr.h.a = 9;
            resubmit_preserving_field_list(1);
        }
    }
}

#include <rest.p4>
