// SPDX-License-Identifier: Apache-2.0
//
// Every bound and size of the program, one constant each. A build overrides one with -D NAME=value.

#ifndef _SLUICE_CONSTANTS_
#define _SLUICE_CONSTANTS_

// Bits of the two bitmaps: a multiple of 64 up to 1,024; 64 or 128.
#ifndef TERMS
#define TERMS 256
#endif
#ifndef COPIES
#define COPIES 128
#endif

// Bytes from the frame's start within which headers are read. The deepest chain up to and with a network
// header (labels, pseudowire, four tags, IPv6) ends at 136, so that only what follows needs the check.
#ifndef PARSE_DEPTH
#define PARSE_DEPTH 192
#endif

// Bits of the digest that duplicate removal looks at; fewer only to test what a collision does.
#ifndef DIGEST_BITS
#define DIGEST_BITS 64
#endif

// UDP destination ports of tunnels.
#ifndef VXLAN_PORT
#define VXLAN_PORT 4789
#endif
#ifndef GENEVE_PORT
#define GENEVE_PORT 6081
#endif
#ifndef GTPU_PORT
#define GTPU_PORT 2152
#endif

// Instances (replicas of a multicast group) and ports that counters have cells for.
#ifndef INSTANCES
#define INSTANCES 1024
#endif
#ifndef PORTS
#define PORTS 512
#endif

// Cells of each of the four ways of duplicate removal; the digest's low 16 bits choose one.
#define DEDUP_SLOTS 65536
// ERSPAN sessions, each with a sequence of its own.
#define SESSIONS 1024

// Table sizes.
#ifndef SIZE_VLAN
#define SIZE_VLAN 4097
#endif
#ifndef SIZE_TYPE
#define SIZE_TYPE 64
#endif
#ifndef SIZE_MAC
#define SIZE_MAC 256
#endif
#ifndef SIZE_IPV4
#define SIZE_IPV4 32768
#endif
#ifndef SIZE_IPV6
#define SIZE_IPV6 16384
#endif
#ifndef SIZE_BYTE
#define SIZE_BYTE 257
#endif
#ifndef SIZE_PORT
#define SIZE_PORT 2048
#endif
#ifndef SIZE_TCP_FLAGS
#define SIZE_TCP_FLAGS 257
#endif
#ifndef SIZE_ICMP
#define SIZE_ICMP 256
#endif
#ifndef SIZE_LENGTH
#define SIZE_LENGTH 128
#endif
#ifndef SIZE_TUNNEL_ID
#define SIZE_TUNNEL_ID 1024
#endif
#ifndef SIZE_DELIVER
#define SIZE_DELIVER 8192
#endif

// Cells of the counter `outcome`, behind port * 8: what became of a packet.
#define OUTCOME_RECEIVED 0
#define OUTCOME_BAD_FRAME 1
#define OUTCOME_REFUSED 2
#define OUTCOME_MATCHED_NOTHING 3
#define OUTCOME_DISCARDED 4
#define OUTCOME_TABLE_MISS 5
#define OUTCOME_NO_COPY_LEFT 6
#define OUTCOME_DELIVERED 7

// Cells of the counter `copy_outcome`, behind instance * 8: what became of a copy.
#define COPY_SENT 0
#define COPY_RATE_LIMIT 1
#define COPY_MTU 2
#define COPY_UNSUPPORTED 3

// EtherTypes.
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_TRANSPARENT 0x6558
#define TYPE_RARP 0x8035
#define TYPE_CTAG 0x8100
#define TYPE_IPV6 0x86DD
#define TYPE_MPLS 0x8847
#define TYPE_MPLS_MULTICAST 0x8848
#define TYPE_PPPOE 0x8864
#define TYPE_STAG 0x88A8
#define TYPE_ERSPAN 0x88BE
#define TYPE_PBB 0x88E7
#define TYPE_QINQ 0x9100
#define TYPE_ERSPAN3 0x22EB
#define TYPE_STAMP 0xD28B

// IP protocols and IPv6 extension headers.
#define PROTO_HOP_BY_HOP 0
#define PROTO_ICMP 1
#define PROTO_IGMP 2
#define PROTO_IPV4 4
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_IPV6 41
#define PROTO_ROUTING 43
#define PROTO_FRAGMENT 44
#define PROTO_GRE 47
#define PROTO_AH 51
#define PROTO_ICMPV6 58
#define PROTO_OPTIONS 60
#define PROTO_SCTP 132
#define PROTO_MOBILITY 135

// Values that mean "the packet has none", outside the field's range.
#define NO_TYPE 0x1FFFF
#define NO_VLAN 0x1000
#define NO_BYTE 0x100
#define NO_DSCP 0x40
#define NO_ECN 4
#define NO_MPLS 0x100000
#define NO_VNI 0x1000000
#define NO_ID 0x100000000

// `meta.fragment`.
#define FRAGMENT_NOT_IP 0
#define FRAGMENT_WHOLE 1
#define FRAGMENT_FIRST 2
#define FRAGMENT_LATER 3

// `meta.tunnel` and the parameter of the table `strip`: one bit a kind.
#define STRIP_VLAN 0x001
#define STRIP_MPLS 0x002
#define STRIP_PBB 0x004
#define STRIP_VXLAN 0x008
#define STRIP_GENEVE 0x010
#define STRIP_GRE 0x020
#define STRIP_GRE_ETHERNET 0x040
#define STRIP_ERSPAN 0x080
#define STRIP_GTPU 0x100
#define STRIP_IPIP 0x200

#if PARSE_DEPTH < 136
#error "PARSE_DEPTH must be at least 136: the headers up to the network layer are read without a check"
#endif

typedef bit<TERMS> terms_t;
typedef bit<COPIES> copies_t;

#endif
