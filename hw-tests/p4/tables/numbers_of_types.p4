// Numbers without a width where a type made by `type` is expected: constants, entries, arguments, cases, fields.
#include <data.p4>

@p4runtime_translation("", string)
type bit<10> vrf_t;
type bit<9> port_t;

const vrf_t DEFAULT_VRF = 0;

struct route_t {
    vrf_t vrf;
    port_t port;
}

const route_t NOWHERE = { 0, 511 };

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    route_t route = NOWHERE;

    action set_port(port_t port) {
        route.port = port;
    }
    table t {
        key = { route.vrf: exact; }
        actions = { set_port; }
        default_action = set_port(6);
        const entries = {
            0: set_port(4);
            1: set_port(5);
        }
    }

    apply {
        if (hdr.h.a == 1) {
            route.vrf = 1;
        } else if (hdr.h.a == 2) {
            route = { vrf = 2, port = 9 };
        }
        if (route.vrf != DEFAULT_VRF || hdr.h.a == 0) {
            t.apply();
        }
        if (route.port == 6) {
            set_port(7);
        }
        standard.egress_spec = (bit<9>) route.port;
    }
}

#include <rest.p4>
