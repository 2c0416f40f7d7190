#define OWN_INGRESS
#include "../lower/parts/before.p4"
type bit<9> port_t;
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        port_t p = 5; sm.egress_spec = p;
    }
}
#include "../lower/parts/after.p4"
