// clone3, resubmit and recirculate as older programs call them: the metadata that is listed goes with the packet.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<8> kept;
    bit<8> lost;
    bit<8> instance;
}

struct inner_t {
    bit<8> kept;
    bit<8> lost;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    inner_t inner;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.instance = (bit<8>) standard.instance_type;
        if (standard.instance_type != 0) {
            hdr.h.kept = meta.inner.kept;
            hdr.h.lost = meta.inner.lost;
        }
        meta.inner = { 0x11, 0x22 };
        standard.egress_spec = 1;
        if (hdr.h.kind == 1 && standard.instance_type == 0) {
            resubmit({ meta.inner.kept });
        }
        if (hdr.h.kind == 3) {
            clone3(CloneType.I2E, 5, { meta.inner.kept, standard.ingress_port });
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.kind == 2 && standard.instance_type == 0) {
            meta.inner.kept = 0x33;
            recirculate({ meta.inner.kept, 8w1 });
        }
        if (hdr.h.kind == 3 && standard.instance_type == 1) {
            hdr.h.kept = meta.inner.kept;
            hdr.h.lost = meta.inner.lost;
            hdr.h.instance = 1;
        }
    }
}

#include <rest.p4>
