// SPDX-License-Identifier: Apache-2.0
//
// What goes with a packet from parser to deparser. All of it is zero when the packet arrives.

#ifndef _SLUICE_METADATA_
#define _SLUICE_METADATA_

error {
    TooDeep // a header would end behind PARSE_DEPTH
}

// The fields of a packet that filters can ask for, as the narrow tables' keys have them ("absent" is a value).
struct keys_t {
    bit<17>  l3;
    bit<13>  vlan;
    bit<32>  ipv4_src;
    bit<32>  ipv4_dst;
    bit<9>   ip_proto;
    bit<9>   tcp_flags;
    bit<7>   dscp;
    bit<3>   ecn;
    bit<9>   ttl;
    bit<3>   fragment;
    bit<18>  icmp;
    // Which groups of tables apply.
    bit<1>   has_ipv4;
    bit<1>   has_ipv6;
    bit<1>   has_ports;
}

// The ids of a tunnel, and the inner frame's MACs.
struct tunnel_keys_t {
    bit<25> vni;
    bit<33> teid;
    bit<33> gre_key;
    bit<48> mac_src;
    bit<48> mac_dst;
}

// Where the layers start, bytes from the frame's start; 0: there is none.
struct layers_t {
    bit<16> l3;
    bit<16> l4;
    bit<16> inner_l3;
    bit<16> inner_l4;
}

// Bytes that are overwritten: before the end of the MACs, and behind it (label and stamp come between); in the end of the
// frame as it is sent.
struct mask_t {
    bit<32> head_offset;
    bit<32> head_length;
    bit<32> offset;
    bit<32> length;
    bit<8>  value;
}

// What the keyless tables of selection say; zero where one says nothing.
struct selection_t {
    bit<32>  threshold_0;
    bit<32>  threshold_1;
    bit<32>  threshold_2;
    bit<32>  threshold_3;
    copies_t sampled_0;
    copies_t sampled_1;
    copies_t sampled_2;
    copies_t sampled_3;
    bit<48>  window_0;
    bit<48>  window_1;
    copies_t unique_0;
    copies_t unique_1;
    bit<8>   ignore_0;
    bit<8>   ignore_1;
    copies_t balanced;
    bit<8>   by_hosts;
}

// What the egress edits tell one another.
struct edit_t {
    // Bytes of the frame without what label, stamp and encapsulation add, and bytes that `strip` took away in front of its layers.
    bit<32> length;
    bit<16> removed;
    // Where the payloads behind the transport headers start; 0: there is none.
    bit<16> payload;
    bit<16> inner_payload;
    // Bytes that label and stamp add behind the MACs, that encapsulation adds in front, that a trailer adds.
    bit<32> inserted;
    bit<32> around;
    bit<32> trailer;
    // Bytes that are left by trimming (padding) and by slicing; 0: no such edit. In the end of the frame as it is sent.
    bit<32> trim;
    bit<32> slice;
    mask_t  mask_0;
    mask_t  mask_1;
    mask_t  mask_2;
    mask_t  mask_3;
    // Makes checksums and lengths right, of the IP packet that starts there; 0: no such edit.
    bit<32> fix;
    // The trailer's bytes, from the highest bits on.
    bit<64> trailer_head;
    bit<64> trailer_tail;
    // Whether the tunnel that the parser found is gone.
    bit<1>  unwrapped;
    bit<1>  unsupported;
}

struct metadata_t {
    // Set by the adapter.
    bit<9>   ingress_port;
    bit<16>  instance;
    bit<16>  frame_bytes;
    bit<16>  wire_length;
    bit<64>  time_ns;
    bit<1>   bad_frame;
    bit<1>   malformed;

    // Set by the parser.
    bit<16>  parsed;
    bit<16>  next_type;
    bit<17>  ether_type;
    bit<17>  l3;
    bit<17>  inner_l3;
    bit<16>  network_end;
    bit<16>  second_start;
    bit<16>  inner_start;
    bit<8>   next_header;
    bit<3>   fragment;
    bit<48>  fragment_word;
    bit<8>   inner_next_header;
    bit<3>   inner_fragment;
    bit<48>  inner_fragment_word;
    bit<64>  ahead;
    bit<16>  header_bytes;
    bit<16>  tunnel;
    bit<16>  left;
    bit<512> window;
    layers_t layers;

    // Set in ingress.
    bit<9>   source;
    bit<1>   keep_bad;
    bit<3>   outcome;
    terms_t  terms;
    terms_t  either_addr;
    terms_t  either_port;
    copies_t otherwise;
    copies_t copies;
    selection_t selection;
    bit<64>  content;
    bit<16>  group;

    edit_t   edit;
    bit<1>   drop;
}

#endif
