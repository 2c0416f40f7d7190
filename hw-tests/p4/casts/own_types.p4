// Types of their own, cast to what they are made of and back, a step at a time.
#include <data.p4>

type bit<8> port_t;
type port_t outer_t;
type bit<16> length_t;
type int<8> signed_t;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        port_t p = (port_t) hdr.h.a;
        outer_t o = (outer_t) p;
        hdr.h.b = (bit<8>) (port_t) o + 1;
        length_t l = (length_t) (bit<16>) (bit<8>) p;
        hdr.h.c = ((bit<16>) l)[7:0] + 2;
        signed_t s = (signed_t) (int<8>) hdr.h.d;
        if (s < (signed_t) 0 && p == (port_t) 5) {
            hdr.h.d = (bit<8>) (-(int<8>) s);
        }
    }
}

#include <rest.p4>
