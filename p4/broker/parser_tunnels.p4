// SPDX-License-Identifier: Apache-2.0
//
// States of `broker_parser`: tunnels and the inner packet. `meta.tunnel` is the kind, set as soon as the tunnel's own header is
// there; `meta.inner_start` is where its payload starts, set where that is something to look into. Deeper tunnels are payload.

    state ip_in_ip_4 {
        meta.tunnel = STRIP_IPIP;
        meta.inner_start = meta.parsed;
        meta.inner_l3 = TYPE_IPV4;
        transition inner_ipv4;
    }

    state ip_in_ip_6 {
        meta.tunnel = STRIP_IPIP;
        meta.inner_start = meta.parsed;
        meta.inner_l3 = TYPE_IPV6;
        transition inner_ipv6;
    }

    state vxlan {
        WITHIN_DEPTH(8);
        pkt.extract(hdr.vxlan);
        PARSED(8);
        meta.tunnel = STRIP_VXLAN;
        meta.inner_l3 = NO_TYPE;
        transition inner_frame;
    }

    state geneve {
        WITHIN_DEPTH(8);
        pkt.extract(hdr.geneve);
        PARSED(8);
        meta.tunnel = STRIP_GENEVE;
        meta.inner_l3 = NO_TYPE;
        transition select(hdr.geneve.options_length) {
            0: geneve_payload;
            default: geneve_options;
        }
    }

    state geneve_options {
        meta.header_bytes = (10w0 ++ hdr.geneve.options_length) << 2;
        WITHIN_DEPTH(meta.header_bytes);
        pkt.extract(hdr.geneve_options, ((bit<32>) meta.header_bytes) << 3);
        PARSED(meta.header_bytes);
        transition geneve_payload;
    }

    state geneve_payload {
        transition select(hdr.geneve.protocol) {
            TYPE_TRANSPARENT: inner_frame;
            TYPE_IPV4: inner_packet_4;
            TYPE_IPV6: inner_packet_6;
            default: payload;
        }
    }

    // Version 0 without routing.
    state gre {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.gre);
        PARSED(4);
        meta.tunnel = STRIP_GRE;
        meta.inner_l3 = NO_TYPE;
        transition select(hdr.gre.has_routing, hdr.gre.version) {
            (0, 0): gre_has_checksum;
            default: payload;
        }
    }

    state gre_has_checksum {
        transition select(hdr.gre.has_checksum) {
            1: gre_checksum;
            default: gre_has_key;
        }
    }

    state gre_checksum {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.gre_checksum);
        PARSED(4);
        transition gre_has_key;
    }

    state gre_has_key {
        transition select(hdr.gre.has_key) {
            1: gre_key;
            default: gre_has_sequence;
        }
    }

    state gre_key {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.gre_key);
        PARSED(4);
        transition gre_has_sequence;
    }

    state gre_has_sequence {
        transition select(hdr.gre.has_sequence) {
            1: gre_sequence;
            default: gre_payload;
        }
    }

    state gre_sequence {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.gre_sequence);
        PARSED(4);
        transition gre_payload;
    }

    // ERSPAN I has neither a sequence number nor a header of its own.
    state gre_payload {
        transition select(hdr.gre.protocol, hdr.gre.has_sequence) {
            (TYPE_IPV4, _): inner_packet_4;
            (TYPE_IPV6, _): inner_packet_6;
            (TYPE_TRANSPARENT, _): gre_frame;
            (TYPE_ERSPAN, 1): erspan2;
            (TYPE_ERSPAN, _): erspan1;
            (TYPE_ERSPAN3, _): erspan3;
            default: payload;
        }
    }

    state gre_frame {
        meta.tunnel = STRIP_GRE_ETHERNET;
        transition inner_frame;
    }

    state erspan1 {
        meta.tunnel = STRIP_ERSPAN;
        transition inner_frame;
    }

    state erspan2 {
        meta.tunnel = STRIP_ERSPAN;
        WITHIN_DEPTH(8);
        pkt.extract(hdr.erspan2);
        PARSED(8);
        transition inner_frame;
    }

    state erspan3 {
        meta.tunnel = STRIP_ERSPAN;
        WITHIN_DEPTH(12);
        pkt.extract(hdr.erspan3);
        PARSED(12);
        transition select(hdr.erspan3.has_subheader) {
            1: erspan3_sub;
            default: inner_frame;
        }
    }

    state erspan3_sub {
        WITHIN_DEPTH(8);
        pkt.extract(hdr.erspan3_sub);
        PARSED(8);
        transition inner_frame;
    }

    // 3GPP TS 29.281: version 1, not GTP'; user data is message 255.
    state gtpu {
        WITHIN_DEPTH(8);
        pkt.extract(hdr.gtpu);
        PARSED(8);
        meta.tunnel = STRIP_GTPU;
        meta.inner_l3 = NO_TYPE;
        transition select(hdr.gtpu.version, hdr.gtpu.protocol_type, hdr.gtpu.message,
                          hdr.gtpu.has_extension, hdr.gtpu.has_sequence, hdr.gtpu.has_number) {
            (1, 1, 255, 0, 0, 0): gtpu_payload;
            (1, 1, 255, _, _, _): gtpu_optional;
            default: payload;
        }
    }

    state gtpu_optional {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.gtpu_optional);
        PARSED(4);
        transition select(hdr.gtpu.has_extension, hdr.gtpu_optional.next_type) {
            (0, _): gtpu_payload;
            (_, 0): gtpu_payload;
            default: gtpu_extension_0;
        }
    }

    GTPU_STATES(gtpu_extension_0, gtpu_take_0, gtpu_extension_0, gtpu_next_0, gtpu_extension_1)
    GTPU_STATES(gtpu_extension_1, gtpu_take_1, gtpu_extension_1, gtpu_next_1, gtpu_extension_2)
    GTPU_STATES(gtpu_extension_2, gtpu_take_2, gtpu_extension_2, gtpu_next_2, gtpu_extension_3)
    GTPU_STATES(gtpu_extension_3, gtpu_take_3, gtpu_extension_3, gtpu_next_3, payload)

    state gtpu_payload {
        transition select(pkt.lookahead<bit<8>>()) {
            0x40 &&& 0xF0: inner_packet_4;
            0x60 &&& 0xF0: inner_packet_6;
            default: payload;
        }
    }

    // The inner packet.

    state inner_frame {
        meta.inner_start = meta.parsed;
        meta.next_type = pkt.lookahead<bit<112>>()[15:0];
        WITHIN_DEPTH(14);
        pkt.extract(hdr.inner_macs);
        PARSED(12);
        meta.inner_l3 = 1w0 ++ meta.next_type;
        transition select(meta.next_type) {
            TAG_CASES(inner_tag_0)
            default: inner_type;
        }
    }

    TAG_STATE(inner_tag_0, inner_vlan_0, meta.inner_l3, inner_tag_1, inner_type)
    TAG_STATE(inner_tag_1, inner_vlan_1, meta.inner_l3, inner_tag_2, inner_type)
    TAG_STATE(inner_tag_2, inner_vlan_2, meta.inner_l3, inner_tag_3, inner_type)
    TAG_STATE(inner_tag_3, inner_vlan_3, meta.inner_l3, inner_type, inner_type)

    state inner_type {
        pkt.extract(hdr.inner_type);
        PARSED(2);
        transition select(meta.next_type) {
            TYPE_IPV4: inner_ipv4;
            TYPE_IPV6: inner_ipv6;
            TYPE_ARP: inner_arp;
            TYPE_RARP: inner_arp;
            LLC_CASES(inner_llc)
            default: payload;
        }
    }

    state inner_llc {
        meta.inner_l3 = NO_TYPE;
        meta.inner_l3 = 9w0x100 ++ pkt.lookahead<bit<8>>();
        transition payload;
    }

    state inner_packet_4 {
        meta.inner_start = meta.parsed;
        meta.inner_l3 = TYPE_IPV4;
        transition inner_ipv4;
    }

    state inner_packet_6 {
        meta.inner_start = meta.parsed;
        meta.inner_l3 = TYPE_IPV6;
        transition inner_ipv6;
    }

    state inner_arp {
        WITHIN_DEPTH(28);
        pkt.extract(hdr.inner_arp);
        meta.layers.inner_l3 = meta.parsed;
        PARSED(28);
        transition payload;
    }

    state inner_ipv4 {
        WITHIN_DEPTH(20);
        pkt.extract(hdr.inner_ipv4);
        meta.layers.inner_l3 = meta.parsed;
        PARSED(20);
        transition select(hdr.inner_ipv4.ihl, hdr.inner_ipv4.fragment_offset) {
            (5, 0): inner_ipv4_upper;
            (5, _): payload;
            (0 &&& 0xC, _): payload;
            (4, _): payload;
            default: inner_ipv4_options;
        }
    }

    state inner_ipv4_options {
        meta.header_bytes = (12w0 ++ (hdr.inner_ipv4.ihl - 5)) << 2;
        WITHIN_DEPTH(meta.header_bytes);
        pkt.extract(hdr.inner_ipv4_options, ((bit<32>) meta.header_bytes) << 3);
        PARSED(meta.header_bytes);
        transition select(hdr.inner_ipv4.fragment_offset) {
            0: inner_ipv4_upper;
            default: payload;
        }
    }

    state inner_ipv4_upper {
        transition select(hdr.inner_ipv4.protocol) {
            PROTO_TCP: inner_ports_tcp;
            PROTO_UDP: inner_ports_udp;
            PROTO_ICMP: inner_icmp;
            PROTO_SCTP: inner_ports_sctp;
            PROTO_IGMP: inner_igmp;
            default: payload;
        }
    }

    state inner_ipv6 {
        WITHIN_DEPTH(40);
        pkt.extract(hdr.inner_ipv6);
        meta.layers.inner_l3 = meta.parsed;
        PARSED(40);
        meta.inner_next_header = hdr.inner_ipv6.next_header;
        meta.inner_fragment = FRAGMENT_WHOLE;
        transition select(hdr.inner_ipv6.next_header) {
            PROTO_HOP_BY_HOP: inner_extension_0;
            PROTO_ROUTING: inner_extension_0;
            PROTO_FRAGMENT: inner_extension_0;
            PROTO_AH: inner_extension_0;
            PROTO_OPTIONS: inner_extension_0;
            PROTO_MOBILITY: inner_extension_0;
            default: inner_ipv6_upper;
        }
    }

    EXTENSION_STATE(inner_extension_0, inner_extension_0, inner_extension_1, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)
    EXTENSION_STATE(inner_extension_1, inner_extension_1, inner_extension_2, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)
    EXTENSION_STATE(inner_extension_2, inner_extension_2, inner_extension_3, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)
    EXTENSION_STATE(inner_extension_3, inner_extension_3, inner_extension_4, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)
    EXTENSION_STATE(inner_extension_4, inner_extension_4, inner_extension_5, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)
    EXTENSION_STATE(inner_extension_5, inner_extension_5, payload, inner_ipv6_upper, meta.inner_next_header, meta.inner_fragment, meta.inner_fragment_word)

    state inner_ipv6_upper {
        transition select(meta.inner_next_header) {
            PROTO_TCP: inner_ports_tcp;
            PROTO_UDP: inner_ports_udp;
            PROTO_ICMPV6: inner_icmp;
            PROTO_SCTP: inner_ports_sctp;
            PROTO_IGMP: inner_igmp;
            default: payload;
        }
    }

    state inner_ports_tcp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.inner_ports);
        meta.layers.inner_l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(16);
        pkt.extract(hdr.inner_tcp);
        PARSED(16);
        transition payload;
    }

    state inner_ports_udp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.inner_ports);
        meta.layers.inner_l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(4);
        pkt.extract(hdr.inner_udp);
        PARSED(4);
        transition payload;
    }

    state inner_ports_sctp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.inner_ports);
        meta.layers.inner_l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(8);
        pkt.extract(hdr.inner_sctp);
        PARSED(8);
        transition payload;
    }

    state inner_icmp {
        WITHIN_DEPTH(2);
        pkt.extract(hdr.inner_icmp);
        meta.layers.inner_l4 = meta.parsed;
        PARSED(2);
        transition payload;
    }

    state inner_igmp {
        meta.layers.inner_l4 = meta.parsed;
        transition payload;
    }
