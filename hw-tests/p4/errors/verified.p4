// `verify` rejects with an error of the program's own, which ingress sees.
#include <core.p4>
#include <v1model.p4>

error {
    TooSmall,
    TooLarge
}

header data_t {
    bit<8> v;
}

struct headers_t {
    data_t h;
}

struct metadata_t {
    bool checked;
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.h);
        error worst = hdr.h.v < 0x10 ? error.TooSmall : error.TooLarge;
        verify(hdr.h.v >= 0x10 && hdr.h.v < 0x80, worst);
        meta.checked = true;
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (standard.parser_error == error.TooSmall) {
            standard.egress_spec = 1;
        } else if (standard.parser_error == error.TooLarge) {
            standard.egress_spec = 2;
        } else if (meta.checked) {
            standard.egress_spec = 3;
        }
    }
}

#include <rest.p4>
