// SPDX-License-Identifier: Apache-2.0
//
// Bits to headers (docs/PIPELINE.md, "Parser"). `meta.parsed` is the number of bytes in the headers so far, right at every
// extract: an error ends parsing anywhere, and the packet keeps what it has until then.

#ifndef _SLUICE_PARSER_
#define _SLUICE_PARSER_

#include "parser_macros.p4"

parser broker_parser(packet_in pkt, out headers_t hdr, inout metadata_t meta PARSER_INTRINSICS) {
    // The link layer: MACs, tags, the type behind them.

    state start {
        meta.frame_bytes = FRAME_BYTES;
        meta.ether_type = NO_TYPE;
        meta.l3 = NO_TYPE;
        meta.next_type = pkt.lookahead<bit<112>>()[15:0];
        pkt.extract(hdr.macs);
        meta.parsed = 12;
        meta.ether_type = 1w0 ++ meta.next_type;
        meta.l3 = 1w0 ++ meta.next_type;
        transition select(meta.next_type) {
            TAG_CASES(tag_0)
            default: behind_tags;
        }
    }

    TAG_STATE(tag_0, vlan_0, meta.l3, tag_1, behind_tags)
    TAG_STATE(tag_1, vlan_1, meta.l3, tag_2, behind_tags)
    TAG_STATE(tag_2, vlan_2, meta.l3, tag_3, behind_tags)
    TAG_STATE(tag_3, vlan_3, meta.l3, behind_tags, behind_tags)

    state behind_tags {
        pkt.extract(hdr.ether_type);
        PARSED(2);
        transition select(meta.next_type) {
            TYPE_IPV4: ipv4;
            TYPE_IPV6: ipv6;
            TYPE_ARP: arp;
            TYPE_RARP: arp;
            TYPE_MPLS: labels;
            TYPE_MPLS_MULTICAST: labels;
            TYPE_PPPOE: pppoe;
            TYPE_PBB: pbb;
            LLC_CASES(llc)
            default: payload;
        }
    }

    // A length field, and LLC behind it, which is not looked through.
    state llc {
        meta.ether_type = (meta.parsed == 14) ? (bit<17>) NO_TYPE : meta.ether_type;
        meta.l3 = NO_TYPE;
        meta.l3 = 9w0x100 ++ pkt.lookahead<bit<8>>();
        meta.ether_type = (meta.parsed == 14) ? meta.l3 : meta.ether_type;
        transition payload;
    }

    // What is looked through.

    state pbb {
        pkt.extract(hdr.pbb);
        PARSED(4);
        transition second_frame;
    }

    state labels {
        meta.l3 = TYPE_MPLS;
        transition label;
    }

    // A ninth label ends parsing with error.StackOutOfBounds.
    state label {
        pkt.extract(hdr.mpls.next);
        PARSED(4);
        transition select(hdr.mpls.last.bos) {
            0: label;
            default: behind_labels;
        }
    }

    // RFC 4928: the first nibble tells IP from a pseudowire's control word.
    state behind_labels {
        transition select(pkt.lookahead<bit<8>>()) {
            0x40 &&& 0xFC: payload; // IPv4 with a header length below 5 words: not plausible
            0x44: payload;
            0x40 &&& 0xF0: labeled_ipv4;
            0x60 &&& 0xF0: labeled_ipv6;
            0x00 &&& 0xF0: control_word;
            default: payload;
        }
    }

    state labeled_ipv4 {
        meta.l3 = TYPE_IPV4;
        transition ipv4;
    }

    state labeled_ipv6 {
        meta.l3 = TYPE_IPV6;
        transition ipv6;
    }

    state control_word {
        pkt.extract(hdr.control_word);
        PARSED(4);
        transition second_frame;
    }

    // The frame of a PBB customer or a pseudowire.
    state second_frame {
        meta.second_start = meta.parsed;
        meta.l3 = NO_TYPE;
        meta.next_type = pkt.lookahead<bit<112>>()[15:0];
        pkt.extract(hdr.second_macs);
        PARSED(12);
        meta.l3 = 1w0 ++ meta.next_type;
        transition select(meta.next_type) {
            TAG_CASES(second_tag_0)
            default: second_type;
        }
    }

    TAG_STATE(second_tag_0, second_vlan_0, meta.l3, second_tag_1, second_type)
    TAG_STATE(second_tag_1, second_vlan_1, meta.l3, second_tag_2, second_type)
    TAG_STATE(second_tag_2, second_vlan_2, meta.l3, second_tag_3, second_type)
    TAG_STATE(second_tag_3, second_vlan_3, meta.l3, second_type, second_type)

    state second_type {
        pkt.extract(hdr.second_type);
        PARSED(2);
        transition select(meta.next_type) {
            TYPE_IPV4: ipv4;
            TYPE_IPV6: ipv6;
            TYPE_ARP: arp;
            TYPE_RARP: arp;
            LLC_CASES(llc)
            default: payload;
        }
    }

    state pppoe {
        pkt.extract(hdr.pppoe);
        PARSED(8);
        transition select(hdr.pppoe.protocol) {
            0x0021: labeled_ipv4;
            0x0057: labeled_ipv6;
            default: payload;
        }
    }

    // The network layer.

    state arp {
        pkt.extract(hdr.arp);
        meta.layers.l3 = meta.parsed;
        PARSED(28);
        meta.network_end = meta.parsed;
        transition payload;
    }

    state ipv4 {
        pkt.extract(hdr.ipv4);
        meta.layers.l3 = meta.parsed;
        meta.network_end = meta.parsed + hdr.ipv4.total_length;
        PARSED(20);
        transition select(hdr.ipv4.ihl, hdr.ipv4.fragment_offset) {
            (5, 0): ipv4_upper;
            (5, _): payload;
            (0 &&& 0xC, _): payload; // malformed: shorter than the header's fixed part
            (4, _): payload;
            default: ipv4_options;
        }
    }

    state ipv4_options {
        meta.header_bytes = (12w0 ++ (hdr.ipv4.ihl - 5)) << 2;
        WITHIN_DEPTH(meta.header_bytes);
        pkt.extract(hdr.ipv4_options, ((bit<32>) meta.header_bytes) << 3);
        PARSED(meta.header_bytes);
        transition select(hdr.ipv4.fragment_offset) {
            0: ipv4_upper;
            default: payload;
        }
    }

    state ipv4_upper {
        transition select(hdr.ipv4.protocol) {
            PROTO_TCP: ports_tcp;
            PROTO_UDP: ports_udp;
            PROTO_ICMP: icmp;
            PROTO_IGMP: igmp;
            PROTO_IPV4: ip_in_ip_4;
            PROTO_IPV6: ip_in_ip_6;
            PROTO_GRE: gre;
            PROTO_SCTP: ports_sctp;
            default: payload;
        }
    }

    state ipv6 {
        pkt.extract(hdr.ipv6);
        meta.layers.l3 = meta.parsed;
        PARSED(40);
        meta.network_end = meta.parsed + hdr.ipv6.payload_length;
        meta.next_header = hdr.ipv6.next_header;
        meta.fragment = FRAGMENT_WHOLE;
        transition select(hdr.ipv6.next_header) {
            PROTO_HOP_BY_HOP: extension_0;
            PROTO_ROUTING: extension_0;
            PROTO_FRAGMENT: extension_0;
            PROTO_AH: extension_0;
            PROTO_OPTIONS: extension_0;
            PROTO_MOBILITY: extension_0;
            default: ipv6_upper;
        }
    }

    EXTENSION_STATE(extension_0, extension_0, extension_1, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)
    EXTENSION_STATE(extension_1, extension_1, extension_2, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)
    EXTENSION_STATE(extension_2, extension_2, extension_3, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)
    EXTENSION_STATE(extension_3, extension_3, extension_4, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)
    EXTENSION_STATE(extension_4, extension_4, extension_5, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)
    EXTENSION_STATE(extension_5, extension_5, payload, ipv6_upper, meta.next_header, meta.fragment, meta.fragment_word)

    state ipv6_upper {
        transition select(meta.next_header) {
            PROTO_TCP: ports_tcp;
            PROTO_UDP: ports_udp;
            PROTO_ICMPV6: icmp;
            PROTO_IGMP: igmp;
            PROTO_IPV4: ip_in_ip_4;
            PROTO_IPV6: ip_in_ip_6;
            PROTO_GRE: gre;
            PROTO_SCTP: ports_sctp;
            default: payload;
        }
    }

    // The transport layer.

    state ports_tcp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.ports);
        meta.layers.l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(16);
        pkt.extract(hdr.tcp);
        PARSED(16);
        transition payload;
    }

    state ports_udp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.ports);
        meta.layers.l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(4);
        pkt.extract(hdr.udp);
        PARSED(4);
        transition select(hdr.ports.dst) {
            VXLAN_PORT: vxlan;
            GENEVE_PORT: geneve;
            GTPU_PORT: gtpu;
            default: payload;
        }
    }

    state ports_sctp {
        WITHIN_DEPTH(4);
        pkt.extract(hdr.ports);
        meta.layers.l4 = meta.parsed;
        PARSED(4);
        WITHIN_DEPTH(8);
        pkt.extract(hdr.sctp);
        PARSED(8);
        transition payload;
    }

    state icmp {
        WITHIN_DEPTH(2);
        pkt.extract(hdr.icmp);
        meta.layers.l4 = meta.parsed;
        PARSED(2);
        transition payload;
    }

    // Nothing of it is looked at; the window reads it.
    state igmp {
        meta.layers.l4 = meta.parsed;
        transition payload;
    }

#include "parser_tunnels.p4"

    // The payload window: up to 64 bytes behind the last header, without the padding behind the IP packet.

    state payload {
        meta.left = ((meta.network_end >= meta.parsed && meta.network_end < meta.frame_bytes)
            ? meta.network_end : meta.frame_bytes) - meta.parsed;
        transition select(meta.left) {
            0: accept;
            0 &&& 0xFFF8: window_4;
            0 &&& 0xFFC0: window_32;
            default: window_64;
        }
    }

    // As long as this it is only looked at, and stays payload.
    state window_64 {
        meta.window = pkt.lookahead<bit<512>>();
        transition accept;
    }

    WINDOW_STATES(32, window_32, window_16)
    WINDOW_STATES(16, window_16, window_8)
    WINDOW_STATES(8, window_8, window_4)
    WINDOW_STATES(4, window_4, window_2)
    WINDOW_STATES(2, window_2, window_1)
    WINDOW_STATES(1, window_1, accept)
}

#endif
