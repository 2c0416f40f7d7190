// What leaves no trace in the packet: digests with data of any form, messages, assertions that hold.
#include <data.p4>

struct seen_t {
    bit<8> a;
    bit<9> port;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        digest<seen_t>(1, { hdr.h.a, standard.ingress_port });
        digest(2, { hdr.h.a, hdr.h.b });
        digest(3, hdr.h);
        seen_t seen = { 1, 2 };
        digest(4, seen);
        log_msg("a packet");
        log_msg("a = {}, b = {}", { hdr.h.a, hdr.h.b });
        assert(hdr.h.isValid());
        assume(hdr.h.a < 100);
        hdr.h.d = 1;
    }
}

#include <rest.p4>
