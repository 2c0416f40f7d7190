// SPDX-License-Identifier: Apache-2.0
//
// The flow hash: H(endpoint) + H(other endpoint), the same in both directions. H is digest64 and not linear: with a CRC or an
// exclusive or, neighboring addresses of both sides would cancel out.
//
// It is over the innermost parsed addresses, protocol and ports; fragments, and `hosts`, leave the ports out; where there is
// no IP at all, over the innermost MACs.

#ifndef _SLUICE_FLOW_
#define _SLUICE_FLOW_

#define FLOW_SEED 64w0x464C4F57

// Ports where the packet is whole.
#define FLOW_PORTS(layer, is_whole) \
    if (hosts == 0 && is_whole && hdr.layer##ports.isValid()) { \
        port_a = hdr.layer##ports.src; \
        port_b = hdr.layer##ports.dst; \
    }

#define FLOW_IPV4(layer) \
    FLOW_PORTS(layer, hdr.layer##ipv4.more_fragments == 0) \
    DIGEST_1(a, hdr.layer##ipv4.src ++ port_a ++ hdr.layer##ipv4.protocol ++ 8w4); \
    DIGEST_1(b, hdr.layer##ipv4.dst ++ port_b ++ hdr.layer##ipv4.protocol ++ 8w4);

#define FLOW_IPV6(layer) \
    FLOW_PORTS(layer, meta.layer##fragment == FRAGMENT_WHOLE) \
    DIGEST_3(a, hdr.layer##ipv6.src[127:64], hdr.layer##ipv6.src[63:0], 32w0 ++ port_a ++ meta.layer##next_header ++ 8w6); \
    DIGEST_3(b, hdr.layer##ipv6.dst[127:64], hdr.layer##ipv6.dst[63:0], 32w0 ++ port_b ++ meta.layer##next_header ++ 8w6);

control flow_hash(inout headers_t hdr, inout metadata_t meta, in bit<1> hosts, out bit<64> sum) {
    bit<64> a;
    bit<64> b;
    bit<16> port_a;
    bit<16> port_b;

    apply {
        a = FLOW_SEED;
        b = FLOW_SEED;
        port_a = 0;
        port_b = 0;
        if (hdr.inner_ipv4.isValid()) {
            FLOW_IPV4(inner_)
        } else if (hdr.inner_ipv6.isValid()) {
            FLOW_IPV6(inner_)
        } else if (hdr.ipv4.isValid()) {
            FLOW_IPV4()
        } else if (hdr.ipv6.isValid()) {
            FLOW_IPV6()
        } else if (hdr.second_macs.isValid()) {
            DIGEST_1(a, hdr.second_macs.src ++ 16w0);
            DIGEST_1(b, hdr.second_macs.dst ++ 16w0);
        } else {
            DIGEST_1(a, hdr.macs.src ++ 16w0);
            DIGEST_1(b, hdr.macs.dst ++ 16w0);
        }
        sum = a + b;
    }
}

#endif
