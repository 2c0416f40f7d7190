// Default actions: none said, with arguments, with default values of parameters, set by the control plane.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.b = v; }
    action pair(bit<8> x, bit<8> y) { hdr.h.c = x; hdr.h.d = y; }
    table nothing_said {
        key = { hdr.h.a: exact; }
        actions = { set; }
    }
    table said {
        key = { hdr.h.a: exact; }
        actions = { pair; set; }
        default_action = pair(y = 0x0d, x = 0x0c);
    }
    apply {
        nothing_said.apply();
        said.apply();
    }
}

#include <rest.p4>
