// SPDX-License-Identifier: Apache-2.0
//
// Which terms a packet still matches: one table a field removes those whose set does not hold the packet's value.
//
// Three accumulators, each narrowed by tables that do not depend on the others', are merged at the end: a target with few stages
// does three chains side by side.

#ifndef _SLUICE_TERMS_
#define _SLUICE_TERMS_

#define ALL_TERMS (~(terms_t) 0)

// A table over one field that narrows one bitmap.
#define NARROW(table_name, field, match, label, entries, bitmap) \
    table table_name { \
        key = { field: match @name(label); } \
        actions = { narrow(bitmap); @defaultonly NoAction; } \
        default_action = NoAction(); \
        size = entries; \
    }

// The keys of an IP packet, outer or inner; `layer` is empty or `inner_`.
#define IP_KEYS(keys, layer) \
    if (hdr.layer##ipv4.isValid()) { \
        keys.has_ipv4 = 1; \
        keys.ipv4_src = hdr.layer##ipv4.src; \
        keys.ipv4_dst = hdr.layer##ipv4.dst; \
        keys.ip_proto = 1w0 ++ hdr.layer##ipv4.protocol; \
        keys.dscp = 1w0 ++ hdr.layer##ipv4.dscp; \
        keys.ecn = 1w0 ++ hdr.layer##ipv4.ecn; \
        keys.ttl = 1w0 ++ hdr.layer##ipv4.ttl; \
        keys.fragment = (hdr.layer##ipv4.fragment_offset != 0) ? (bit<3>) FRAGMENT_LATER \
            : ((hdr.layer##ipv4.more_fragments == 1) ? (bit<3>) FRAGMENT_FIRST : (bit<3>) FRAGMENT_WHOLE); \
    } else if (hdr.layer##ipv6.isValid()) { \
        keys.has_ipv6 = 1; \
        keys.ip_proto = 1w0 ++ meta.layer##next_header; \
        keys.dscp = 1w0 ++ hdr.layer##ipv6.dscp; \
        keys.ecn = 1w0 ++ hdr.layer##ipv6.ecn; \
        keys.ttl = 1w0 ++ hdr.layer##ipv6.hop_limit; \
        keys.fragment = meta.layer##fragment; \
    } else { \
        keys.ip_proto = NO_BYTE; \
        keys.dscp = NO_DSCP; \
        keys.ecn = NO_ECN; \
        keys.ttl = NO_BYTE; \
        keys.fragment = FRAGMENT_NOT_IP; \
        if (hdr.layer##arp.isValid()) { \
            keys.has_ipv4 = 1; \
            keys.ipv4_src = hdr.layer##arp.sender; \
            keys.ipv4_dst = hdr.layer##arp.target; \
        } \
    } \
    keys.tcp_flags = NO_BYTE; \
    keys.icmp = 0; \
    if (hdr.layer##ports.isValid()) { \
        keys.has_ports = 1; \
        if (hdr.layer##tcp.isValid()) { \
            keys.tcp_flags = 1w0 ++ hdr.layer##tcp.flags; \
        } \
    } else if (hdr.layer##icmp.isValid()) { \
        keys.icmp = (hdr.layer##ipv4.isValid() ? 2w1 : 2w2) ++ hdr.layer##icmp.kind ++ hdr.layer##icmp.code; \
    }

#define CLEAR_GROUPS(keys) \
    keys.has_ipv4 = 0; \
    keys.has_ipv6 = 0; \
    keys.has_ports = 0;

// The fields of the inner packet and the ids of the tunnel around it.
control find_tunnel_keys(inout headers_t hdr, inout metadata_t meta, inout keys_t inner, out tunnel_keys_t ids) {
    apply {
        CLEAR_GROUPS(inner)
        IP_KEYS(inner, inner_)
        inner.vlan = NO_VLAN;
        if (hdr.inner_vlan_0.isValid()) {
            inner.vlan = 1w0 ++ hdr.inner_vlan_0.vid;
        }
        ids.mac_src = 0;
        ids.mac_dst = 0;
        if (hdr.inner_macs.isValid()) {
            ids.mac_src = hdr.inner_macs.src;
            ids.mac_dst = hdr.inner_macs.dst;
        }
        ids.vni = NO_VNI;
        ids.teid = NO_ID;
        ids.gre_key = NO_ID;
        if (hdr.vxlan.isValid()) {
            ids.vni = 1w0 ++ hdr.vxlan.vni;
        } else if (hdr.geneve.isValid()) {
            ids.vni = 1w0 ++ hdr.geneve.vni;
        } else if (hdr.gtpu.isValid()) {
            if (hdr.gtpu.version == 1 && hdr.gtpu.protocol_type == 1) {
                ids.teid = 1w0 ++ hdr.gtpu.teid;
            }
        } else if (hdr.gre_key.isValid()) {
            ids.gre_key = 1w0 ++ hdr.gre_key.value;
            if (hdr.gre.protocol == TYPE_TRANSPARENT) {
                ids.vni = 1w0 ++ hdr.gre_key.value[31:8];
            }
        }
    }
}

// From the terms that listen (`meta.terms`) to those that match.
control narrow_terms(inout headers_t hdr, inout metadata_t meta) {
    keys_t outer;
    keys_t inner;
    tunnel_keys_t ids;
    bit<13> vlan_inner;
    bit<21> mpls_label;

    // The accumulators.
    terms_t kept_a;
    terms_t kept_b;
    terms_t kept_c;

    // What sources and destinations keep of it.
    terms_t mac_src_terms;
    terms_t mac_dst_terms;
    terms_t src_terms;
    terms_t dst_terms;
    terms_t l4_src_terms;
    terms_t l4_dst_terms;

    action narrow(inout terms_t kept, terms_t terms) {
        kept = kept & terms;
    }

    action no_address(inout terms_t kept_src, inout terms_t kept_dst, terms_t src, terms_t dst) {
        kept_src = kept_src & src;
        kept_dst = kept_dst & dst;
    }

    action no_port(inout terms_t kept_src, inout terms_t kept_dst, terms_t src, terms_t dst) {
        kept_src = kept_src & src;
        kept_dst = kept_dst & dst;
    }

    action no_tunnel(terms_t terms) {
        kept_c = kept_c & terms;
    }

    NARROW(narrow_ether_type, meta.ether_type, exact, "ether_type", SIZE_TYPE, kept_a)
    NARROW(narrow_l3, meta.l3, exact, "l3", SIZE_TYPE, kept_b)
    NARROW(narrow_vlan_outer, outer.vlan, exact, "vlan_outer", SIZE_VLAN, kept_c)
    NARROW(narrow_vlan_inner, vlan_inner, exact, "vlan_inner", SIZE_VLAN, kept_a)
    NARROW(narrow_mac_src, hdr.macs.src, ternary, "mac_src", SIZE_MAC, mac_src_terms)
    NARROW(narrow_mac_dst, hdr.macs.dst, ternary, "mac_dst", SIZE_MAC, mac_dst_terms)
    NARROW(narrow_ipv4_src, outer.ipv4_src, lpm, "ipv4_src", SIZE_IPV4, src_terms)
    NARROW(narrow_ipv4_dst, outer.ipv4_dst, lpm, "ipv4_dst", SIZE_IPV4, dst_terms)
    NARROW(narrow_ipv6_src, hdr.ipv6.src, lpm, "ipv6_src", SIZE_IPV6, src_terms)
    NARROW(narrow_ipv6_dst, hdr.ipv6.dst, lpm, "ipv6_dst", SIZE_IPV6, dst_terms)
    NARROW(narrow_ip_proto, outer.ip_proto, exact, "ip_proto", SIZE_BYTE, kept_b)
    NARROW(narrow_l4_src, hdr.ports.src, range, "l4_src", SIZE_PORT, l4_src_terms)
    NARROW(narrow_l4_dst, hdr.ports.dst, range, "l4_dst", SIZE_PORT, l4_dst_terms)
    NARROW(narrow_tcp_flags, outer.tcp_flags, exact, "tcp_flags", SIZE_TCP_FLAGS, kept_c)
    NARROW(narrow_dscp, outer.dscp, exact, "dscp", SIZE_BYTE, kept_a)
    NARROW(narrow_ecn, outer.ecn, exact, "ecn", SIZE_BYTE, kept_b)
    NARROW(narrow_ttl, outer.ttl, exact, "ttl", SIZE_BYTE, kept_c)
    NARROW(narrow_fragment, outer.fragment, exact, "fragment", SIZE_BYTE, kept_a)
    NARROW(narrow_icmp, outer.icmp, lpm, "icmp", SIZE_ICMP, kept_b)
    NARROW(narrow_length, meta.wire_length, range, "length", SIZE_LENGTH, kept_c)
    NARROW(narrow_mpls, mpls_label, exact, "mpls_label", SIZE_TUNNEL_ID, kept_a)

    table narrow_no_address {
        actions = { no_address(src_terms, dst_terms); @defaultonly NoAction; }
        default_action = NoAction();
    }

    table narrow_no_port {
        actions = { no_port(l4_src_terms, l4_dst_terms); @defaultonly NoAction; }
        default_action = NoAction();
    }

    table narrow_no_tunnel {
        actions = { no_tunnel; @defaultonly NoAction; }
        default_action = NoAction();
    }

    // Of the tunnel and its inner packet, in which there is no "either side".
    NARROW(narrow_vni, ids.vni, exact, "vni", SIZE_TUNNEL_ID, kept_a)
    NARROW(narrow_teid, ids.teid, exact, "teid", SIZE_TUNNEL_ID, kept_b)
    NARROW(narrow_gre_key, ids.gre_key, exact, "gre_key", SIZE_TUNNEL_ID, kept_c)
    NARROW(narrow_inner_l3, meta.inner_l3, exact, "inner_l3", SIZE_TYPE, kept_a)
    NARROW(narrow_inner_vlan, inner.vlan, exact, "inner_vlan", SIZE_VLAN, kept_b)
    NARROW(narrow_inner_mac_src, ids.mac_src, ternary, "inner_mac_src", SIZE_MAC, kept_a)
    NARROW(narrow_inner_mac_dst, ids.mac_dst, ternary, "inner_mac_dst", SIZE_MAC, kept_c)
    NARROW(narrow_inner_ipv4_src, inner.ipv4_src, lpm, "inner_ipv4_src", SIZE_IPV4, kept_b)
    NARROW(narrow_inner_ipv4_dst, inner.ipv4_dst, lpm, "inner_ipv4_dst", SIZE_IPV4, kept_b)
    NARROW(narrow_inner_ipv6_src, hdr.inner_ipv6.src, lpm, "inner_ipv6_src", SIZE_IPV6, kept_b)
    NARROW(narrow_inner_ipv6_dst, hdr.inner_ipv6.dst, lpm, "inner_ipv6_dst", SIZE_IPV6, kept_b)
    NARROW(narrow_inner_ip_proto, inner.ip_proto, exact, "inner_ip_proto", SIZE_BYTE, kept_a)
    NARROW(narrow_inner_l4_src, hdr.inner_ports.src, range, "inner_l4_src", SIZE_PORT, kept_c)
    NARROW(narrow_inner_l4_dst, hdr.inner_ports.dst, range, "inner_l4_dst", SIZE_PORT, kept_c)
    NARROW(narrow_inner_tcp_flags, inner.tcp_flags, exact, "inner_tcp_flags", SIZE_TCP_FLAGS, kept_a)
    NARROW(narrow_inner_dscp, inner.dscp, exact, "inner_dscp", SIZE_BYTE, kept_b)
    NARROW(narrow_inner_ttl, inner.ttl, exact, "inner_ttl", SIZE_BYTE, kept_c)
    NARROW(narrow_inner_fragment, inner.fragment, exact, "inner_fragment", SIZE_BYTE, kept_a)
    NARROW(narrow_inner_icmp, inner.icmp, lpm, "inner_icmp", SIZE_ICMP, kept_b)

    table narrow_inner_no_address {
        actions = { no_address(kept_a, kept_b); @defaultonly NoAction; }
        default_action = NoAction();
    }

    table narrow_inner_no_port {
        actions = { no_port(kept_b, kept_c); @defaultonly NoAction; }
        default_action = NoAction();
    }

    find_tunnel_keys() tunnel_keys;

    // A term that means "either side" needs one of the two, the others both.
    // No term means "either MAC": an undirected `ether host` is two terms.
    action meet_macs() {
        kept_a = kept_a & mac_src_terms & mac_dst_terms;
    }

    action meet_addresses() {
        kept_b = kept_b & ((src_terms & dst_terms) | (meta.either_addr & (src_terms | dst_terms)));
    }

    action meet_ports() {
        kept_c = kept_c & ((l4_src_terms & l4_dst_terms) | (meta.either_port & (l4_src_terms | l4_dst_terms)));
    }

    action merge() {
        meta.terms = kept_a & kept_b & kept_c;
    }

    apply {
        CLEAR_GROUPS(outer)
        IP_KEYS(outer, )
        outer.vlan = NO_VLAN;
        vlan_inner = NO_VLAN;
        if (hdr.vlan_0.isValid()) {
            outer.vlan = 1w0 ++ hdr.vlan_0.vid;
            if (hdr.vlan_1.isValid()) {
                vlan_inner = 1w0 ++ hdr.vlan_1.vid;
            }
        }
        mpls_label = NO_MPLS;
        if (hdr.mpls[0].isValid()) {
            mpls_label = 1w0 ++ hdr.mpls[0].label;
        }

        kept_a = meta.terms;
        kept_b = ALL_TERMS;
        kept_c = ALL_TERMS;
        mac_src_terms = ALL_TERMS;
        mac_dst_terms = ALL_TERMS;
        src_terms = ALL_TERMS;
        dst_terms = ALL_TERMS;
        l4_src_terms = ALL_TERMS;
        l4_dst_terms = ALL_TERMS;

        narrow_ether_type.apply();
        narrow_l3.apply();
        narrow_vlan_outer.apply();
        narrow_vlan_inner.apply();
        narrow_mac_src.apply();
        narrow_mac_dst.apply();
        if (outer.has_ipv4 == 1) {
            narrow_ipv4_src.apply();
            narrow_ipv4_dst.apply();
        } else if (outer.has_ipv6 == 1) {
            narrow_ipv6_src.apply();
            narrow_ipv6_dst.apply();
        } else {
            narrow_no_address.apply();
        }
        narrow_ip_proto.apply();
        if (outer.has_ports == 1) {
            narrow_l4_src.apply();
            narrow_l4_dst.apply();
        } else {
            narrow_no_port.apply();
        }
        narrow_tcp_flags.apply();
        narrow_dscp.apply();
        narrow_ecn.apply();
        narrow_ttl.apply();
        narrow_fragment.apply();
        narrow_icmp.apply();
        narrow_length.apply();
        narrow_mpls.apply();
        if (meta.tunnel != 0) {
            tunnel_keys.apply(hdr, meta, inner, ids);
            narrow_vni.apply();
            narrow_teid.apply();
            narrow_gre_key.apply();
            narrow_inner_l3.apply();
            narrow_inner_vlan.apply();
            narrow_inner_mac_src.apply();
            narrow_inner_mac_dst.apply();
            if (inner.has_ipv4 == 1) {
                narrow_inner_ipv4_src.apply();
                narrow_inner_ipv4_dst.apply();
            } else if (inner.has_ipv6 == 1) {
                narrow_inner_ipv6_src.apply();
                narrow_inner_ipv6_dst.apply();
            } else {
                narrow_inner_no_address.apply();
            }
            narrow_inner_ip_proto.apply();
            if (inner.has_ports == 1) {
                narrow_inner_l4_src.apply();
                narrow_inner_l4_dst.apply();
            } else {
                narrow_inner_no_port.apply();
            }
            narrow_inner_tcp_flags.apply();
            narrow_inner_dscp.apply();
            narrow_inner_ttl.apply();
            narrow_inner_fragment.apply();
            narrow_inner_icmp.apply();
        } else {
            narrow_no_tunnel.apply();
        }
        meet_macs();
        meet_addresses();
        meet_ports();
        merge();
    }
}

#endif
