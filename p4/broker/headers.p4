// SPDX-License-Identifier: Apache-2.0
//
// What a frame can hold, in the order in which it stands there (and in which the deparser writes it).
//
// A tag carries the type that announces it, in front, instead of the type of what follows: so a tag, a label or a stamp is
// inserted behind the MACs, or taken away, without touching its neighbors.

#ifndef _SLUICE_HEADERS_
#define _SLUICE_HEADERS_

header macs_h {
    bit<48> dst;
    bit<48> src;
}

header tag_h {
    bit<16> tpid;
    bit<3>  pcp;
    bit<1>  dei;
    bit<12> vid;
}

header type_h {
    bit<16> value;
}

// IEEE 802.1ah, behind type 0x88E7; the customer's frame follows.
header pbb_h {
    bit<8>  flags;
    bit<24> isid;
}

header mpls_h {
    bit<20> label;
    bit<3>  tc;
    bit<1>  bos;
    bit<8>  ttl;
}

// RFC 4448: in front of a pseudowire's Ethernet frame.
header control_word_h {
    bit<32> value;
}

header pppoe_h {
    bit<8>  version_and_type;
    bit<8>  code;
    bit<16> session;
    bit<16> length;
    bit<16> protocol;
}

header arp_h {
    bit<16> hardware;
    bit<16> protocol;
    bit<8>  hardware_length;
    bit<8>  protocol_length;
    bit<16> operation;
    bit<48> sender_mac;
    bit<32> sender;
    bit<48> target_mac;
    bit<32> target;
}

header ipv4_h {
    bit<4>  version;
    bit<4>  ihl;
    bit<6>  dscp;
    bit<2>  ecn;
    bit<16> total_length;
    bit<16> identification;
    bit<1>  reserved;
    bit<1>  dont_fragment;
    bit<1>  more_fragments;
    bit<13> fragment_offset;
    bit<8>  ttl;
    bit<8>  protocol;
    bit<16> checksum;
    bit<32> src;
    bit<32> dst;
}

header ipv4_options_h {
    varbit<320> data;
}

header ipv6_h {
    bit<4>   version;
    bit<6>   dscp;
    bit<2>   ecn;
    bit<20>  flow_label;
    bit<16>  payload_length;
    bit<8>   next_header;
    bit<8>   hop_limit;
    bit<128> src;
    bit<128> dst;
}

// An extension header of IPv6; the longest that PARSE_DEPTH could let through.
header extension_h {
    bit<8>       next_header;
    bit<8>       length;
    varbit<1520> data;
}

// The four bytes that TCP, UDP and SCTP begin with: a capture cut right behind them still has ports.
header ports_h {
    bit<16> src;
    bit<16> dst;
}

header tcp_h {
    bit<32> sequence;
    bit<32> acknowledgment;
    bit<4>  data_offset;
    bit<4>  reserved;
    bit<8>  flags;
    bit<16> window;
    bit<16> checksum;
    bit<16> urgent;
}

header udp_h {
    bit<16> length;
    bit<16> checksum;
}

header sctp_h {
    bit<32> verification_tag;
    bit<32> checksum;
}

// ICMP and ICMPv6.
header icmp_h {
    bit<8> kind;
    bit<8> code;
}

header vxlan_h {
    bit<8>  flags;
    bit<24> reserved;
    bit<24> vni;
    bit<8>  reserved2;
}

header geneve_h {
    bit<2>  version;
    bit<6>  options_length;
    bit<8>  flags;
    bit<16> protocol;
    bit<24> vni;
    bit<8>  reserved;
}

header geneve_options_h {
    varbit<2016> data;
}

header gre_h {
    bit<1>  has_checksum;
    bit<1>  has_routing;
    bit<1>  has_key;
    bit<1>  has_sequence;
    bit<9>  reserved;
    bit<3>  version;
    bit<16> protocol;
}

// Checksum and reserved, key, or sequence number of GRE.
header gre_word_h {
    bit<32> value;
}

// ERSPAN II.
header erspan2_h {
    bit<4>  version;
    bit<12> vlan;
    bit<3>  cos;
    bit<2>  encapsulation;
    bit<1>  truncated;
    bit<10> session;
    bit<12> reserved;
    bit<20> index;
}

header erspan3_h {
    bit<4>  version;
    bit<12> vlan;
    bit<3>  cos;
    bit<2>  bso;
    bit<1>  truncated;
    bit<10> session;
    bit<32> timestamp;
    bit<16> sgt;
    bit<1>  is_pdu;
    bit<5>  frame_type;
    bit<6>  hardware;
    bit<1>  direction;
    bit<2>  granularity;
    bit<1>  has_subheader;
}

// ERSPAN III's platform subheader, as identifier 5 has it.
header erspan3_sub_h {
    bit<6>  platform;
    bit<10> switch_id;
    bit<16> port;
    bit<32> seconds;
}

header gtpu_h {
    bit<3>  version;
    bit<1>  protocol_type;
    bit<1>  reserved;
    bit<1>  has_extension;
    bit<1>  has_sequence;
    bit<1>  has_number;
    bit<8>  message;
    bit<16> length;
    bit<32> teid;
}

header gtpu_optional_h {
    bit<16> sequence;
    bit<8>  number;
    bit<8>  next_type;
}

// An extension header of GTP-U without its last byte, which is the next one's type.
header gtpu_extension_h {
    bit<8>       length;
    varbit<1528> data;
}

header gtpu_next_h {
    bit<8> next_type;
}

// A payload window shorter than 64 bytes, by binary decomposition.
header bytes_32_h { bit<256> data; }
header bytes_16_h { bit<128> data; }
header bytes_8_h  { bit<64>  data; }
header bytes_4_h  { bit<32>  data; }
header bytes_2_h  { bit<16>  data; }
header bytes_1_h  { bit<8>   data; }

// The time stamp of vendor EtherType 0xD28B; the original type follows.
header stamp_64_h {
    bit<16> ether_type;
    bit<16> subtype;
    bit<16> version;
    bit<32> seconds;
    bit<32> nanoseconds;
}

header stamp_48_h {
    bit<16> ether_type;
    bit<16> subtype;
    bit<16> version;
    bit<16> seconds;
    bit<32> nanoseconds;
}

header ethernet_h {
    bit<48> dst;
    bit<48> src;
    bit<16> ether_type;
}

header udp_full_h {
    bit<16> src;
    bit<16> dst;
    bit<16> length;
    bit<16> checksum;
}

struct headers_t {
    // What `encapsulate` puts in front.
    ethernet_h       around_ethernet;
    ipv4_h           around_ipv4;
    udp_full_h       around_udp;
    vxlan_h          around_vxlan;
    gre_h            around_gre;
    gre_word_h       around_gre_word;
    erspan2_h        around_erspan2;
    erspan3_h        around_erspan3;
    erspan3_sub_h    around_erspan3_sub;

    // The frame's link layer.
    macs_h           macs;
    stamp_64_h       stamp_64;
    stamp_48_h       stamp_48;
    tag_h            label;
    tag_h            vlan_0;
    tag_h            vlan_1;
    tag_h            vlan_2;
    tag_h            vlan_3;
    type_h           ether_type;

    // What is looked through: a PBB service tag, or labels, either with a second Ethernet header, or PPPoE.
    pbb_h            pbb;
    mpls_h[8]        mpls;
    control_word_h   control_word;
    macs_h           second_macs;
    tag_h            second_vlan_0;
    tag_h            second_vlan_1;
    tag_h            second_vlan_2;
    tag_h            second_vlan_3;
    type_h           second_type;
    pppoe_h          pppoe;

    arp_h            arp;
    ipv4_h           ipv4;
    ipv4_options_h   ipv4_options;
    ipv6_h           ipv6;
    extension_h      extension_0;
    extension_h      extension_1;
    extension_h      extension_2;
    extension_h      extension_3;
    extension_h      extension_4;
    extension_h      extension_5;
    ports_h          ports;
    tcp_h            tcp;
    udp_h            udp;
    sctp_h           sctp;
    icmp_h           icmp;

    // Tunnels.
    vxlan_h          vxlan;
    geneve_h         geneve;
    geneve_options_h geneve_options;
    gre_h            gre;
    gre_word_h       gre_checksum;
    gre_word_h       gre_key;
    gre_word_h       gre_sequence;
    erspan2_h        erspan2;
    erspan3_h        erspan3;
    erspan3_sub_h    erspan3_sub;
    gtpu_h           gtpu;
    gtpu_optional_h  gtpu_optional;
    gtpu_extension_h gtpu_extension_0;
    gtpu_next_h      gtpu_next_0;
    gtpu_extension_h gtpu_extension_1;
    gtpu_next_h      gtpu_next_1;
    gtpu_extension_h gtpu_extension_2;
    gtpu_next_h      gtpu_next_2;
    gtpu_extension_h gtpu_extension_3;
    gtpu_next_h      gtpu_next_3;

    // The inner packet.
    macs_h           inner_macs;
    tag_h            inner_vlan_0;
    tag_h            inner_vlan_1;
    tag_h            inner_vlan_2;
    tag_h            inner_vlan_3;
    type_h           inner_type;
    arp_h            inner_arp;
    ipv4_h           inner_ipv4;
    ipv4_options_h   inner_ipv4_options;
    ipv6_h           inner_ipv6;
    extension_h      inner_extension_0;
    extension_h      inner_extension_1;
    extension_h      inner_extension_2;
    extension_h      inner_extension_3;
    extension_h      inner_extension_4;
    extension_h      inner_extension_5;
    ports_h          inner_ports;
    tcp_h            inner_tcp;
    udp_h            inner_udp;
    sctp_h           inner_sctp;
    icmp_h           inner_icmp;

    bytes_32_h       window_32;
    bytes_16_h       window_16;
    bytes_8_h        window_8;
    bytes_4_h        window_4;
    bytes_2_h        window_2;
    bytes_1_h        window_1;
}

#endif
