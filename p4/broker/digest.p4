// SPDX-License-Identifier: Apache-2.0
//
// Digests of a packet, chained calls of digest64 (docs/PIPELINE.md, "digest64"): DIGEST_n(h, words) is h = digest64(h, words).
//
// `content` is what no device between two taps changes; sampling looks at it alone, so that two taps keep the same packets.
// `observation` adds what duplicate removal is told not to ignore, and the copies that asked.

#ifndef _SLUICE_DIGEST_
#define _SLUICE_DIGEST_

// Two labels of the stack, without class and TTL.
#define LABEL_PAIR(word, first, second) \
    if (hdr.mpls[first].isValid()) { \
        word = word | (12w1 ++ hdr.mpls[first].label ++ 32w0); \
    } \
    if (hdr.mpls[second].isValid()) { \
        word = word | (44w1 ++ hdr.mpls[second].label); \
    }

// The copies' bitmap, COPIES / 64 words.
#if COPIES > 64
#define DIGEST_COPIES(h, copies) DIGEST_2(h, copies[127:64], copies[63:0])
#else
#define DIGEST_COPIES(h, copies) DIGEST_1(h, copies)
#endif

// What a transport header has to tell; `layer` is empty or `inner_`.
#define DIGEST_TRANSPORT(layer) \
    if (hdr.layer##ports.isValid()) { \
        bit<32> both_ports = hdr.layer##ports.src ++ hdr.layer##ports.dst; \
        if (hdr.layer##tcp.isValid()) { \
            DIGEST_3(h, \
                both_ports ++ hdr.layer##tcp.checksum ++ hdr.layer##tcp.urgent, \
                hdr.layer##tcp.sequence ++ hdr.layer##tcp.acknowledgment, \
                hdr.layer##tcp.data_offset ++ hdr.layer##tcp.reserved ++ hdr.layer##tcp.flags ++ hdr.layer##tcp.window ++ 32w0); \
        } else if (hdr.layer##udp.isValid()) { \
            DIGEST_1(h, both_ports ++ hdr.layer##udp.length ++ hdr.layer##udp.checksum); \
        } else if (hdr.layer##sctp.isValid()) { \
            DIGEST_2(h, both_ports ++ hdr.layer##sctp.verification_tag, hdr.layer##sctp.checksum ++ 32w0); \
        } \
    } else if (hdr.layer##icmp.isValid()) { \
        DIGEST_1(h, hdr.layer##icmp.kind ++ hdr.layer##icmp.code ++ 48w0); \
    }

// The tunnel's id and the inner packet, of which no router changes anything.
control inner_digest(inout headers_t hdr, inout metadata_t meta, inout bit<64> h) {
    apply {
        if (hdr.vxlan.isValid()) {
            DIGEST_1(h, hdr.vxlan.vni ++ 24w0 ++ meta.tunnel);
        } else if (hdr.geneve.isValid()) {
            DIGEST_1(h, hdr.geneve.vni ++ 24w0 ++ meta.tunnel);
        } else if (hdr.gtpu.isValid()) {
            DIGEST_1(h, hdr.gtpu.teid ++ 8w0 ++ hdr.gtpu.message ++ meta.tunnel);
        } else if (hdr.gre_key.isValid()) {
            DIGEST_1(h, hdr.gre_key.value ++ 16w0 ++ meta.tunnel);
        } else {
            DIGEST_1(h, 48w0 ++ meta.tunnel);
        }
        if (hdr.gre_sequence.isValid()) {
            DIGEST_1(h, hdr.gre_sequence.value ++ 32w0);
        }
        if (hdr.inner_macs.isValid()) {
            DIGEST_2(h, hdr.inner_macs.dst ++ meta.next_type, hdr.inner_macs.src ++ 16w0);
        }
        if (hdr.inner_ipv4.isValid()) {
            DIGEST_2(h,
                hdr.inner_ipv4.src ++ hdr.inner_ipv4.dst,
                hdr.inner_ipv4.identification ++ hdr.inner_ipv4.reserved ++ hdr.inner_ipv4.dont_fragment
                    ++ hdr.inner_ipv4.more_fragments ++ hdr.inner_ipv4.fragment_offset ++ hdr.inner_ipv4.total_length
                    ++ hdr.inner_ipv4.protocol ++ 8w4);
        } else if (hdr.inner_ipv6.isValid()) {
            DIGEST_6(h,
                hdr.inner_ipv6.src[127:64], hdr.inner_ipv6.src[63:0],
                hdr.inner_ipv6.dst[127:64], hdr.inner_ipv6.dst[63:0],
                meta.inner_fragment_word ++ hdr.inner_ipv6.payload_length,
                48w0 ++ meta.inner_next_header ++ 8w6);
        } else if (hdr.inner_arp.isValid()) {
            DIGEST_2(h, hdr.inner_arp.sender_mac ++ hdr.inner_arp.operation, hdr.inner_arp.sender ++ hdr.inner_arp.target);
        }
        DIGEST_TRANSPORT(inner_)
    }
}

// Into `meta.content`.
control content_digest(inout headers_t hdr, inout metadata_t meta) {
    bit<64> h;
    bit<32> rest_4;
    bit<16> rest_2;
    bit<8>  rest_1;
    inner_digest() inner_content;

    apply {
        h = 0;
        if (hdr.ipv4.isValid()) {
            DIGEST_2(h,
                hdr.ipv4.src ++ hdr.ipv4.dst,
                hdr.ipv4.identification ++ hdr.ipv4.reserved ++ hdr.ipv4.dont_fragment ++ hdr.ipv4.more_fragments
                    ++ hdr.ipv4.fragment_offset ++ hdr.ipv4.total_length ++ hdr.ipv4.protocol ++ 8w4);
        } else if (hdr.ipv6.isValid()) {
            DIGEST_6(h,
                hdr.ipv6.src[127:64], hdr.ipv6.src[63:0],
                hdr.ipv6.dst[127:64], hdr.ipv6.dst[63:0],
                meta.fragment_word ++ hdr.ipv6.payload_length,
                48w0 ++ meta.next_header ++ 8w6);
        } else {
            // A frame that no router touches: its MACs belong to it.
            DIGEST_2(h, hdr.macs.dst ++ meta.next_type, hdr.macs.src ++ 16w0);
            if (hdr.arp.isValid()) {
                DIGEST_4(h,
                    hdr.arp.hardware ++ hdr.arp.protocol ++ hdr.arp.hardware_length ++ hdr.arp.protocol_length
                        ++ hdr.arp.operation,
                    hdr.arp.sender_mac ++ 16w0,
                    hdr.arp.target_mac ++ 16w0,
                    hdr.arp.sender ++ hdr.arp.target);
            }
        }
        DIGEST_TRANSPORT()
        if (meta.tunnel != 0) {
            inner_content.apply(hdr, meta, h);
        }

        // The payload window.
        if (meta.left[15:6] != 0) {
            DIGEST_8(h,
                meta.window[511:448], meta.window[447:384], meta.window[383:320], meta.window[319:256],
                meta.window[255:192], meta.window[191:128], meta.window[127:64], meta.window[63:0]);
        } else {
            if (hdr.window_32.isValid()) {
                DIGEST_4(h, hdr.window_32.data[255:192], hdr.window_32.data[191:128], hdr.window_32.data[127:64],
                    hdr.window_32.data[63:0]);
            }
            if (hdr.window_16.isValid()) {
                DIGEST_2(h, hdr.window_16.data[127:64], hdr.window_16.data[63:0]);
            }
            if (hdr.window_8.isValid()) {
                DIGEST_1(h, hdr.window_8.data);
            }
            rest_4 = 0;
            rest_2 = 0;
            rest_1 = 0;
            if (hdr.window_4.isValid()) {
                rest_4 = hdr.window_4.data;
            }
            if (hdr.window_2.isValid()) {
                rest_2 = hdr.window_2.data;
            }
            if (hdr.window_1.isValid()) {
                rest_1 = hdr.window_1.data;
            }
            DIGEST_1(h, rest_4 ++ rest_2 ++ rest_1 ++ meta.left[7:0]);
        }
        meta.content = h;
    }
}

// `wanted`: the copies that asked for duplicate removal; `ignore`: see the table `dedup_0`.
control observation_digest(inout headers_t hdr, inout metadata_t meta, in copies_t wanted, in bit<8> ignore,
                           out bit<64> observation) {
    bit<64> h;
    bit<64> tags;
    bit<64> labels_01;
    bit<64> labels_23;
    bit<64> labels_45;
    bit<64> labels_67;
    bit<8>  ttl;
    bit<8>  traffic_class;
    bit<16> checksum;

    apply {
        h = meta.content;
        DIGEST_COPIES(h, wanted);
        if (ignore[0:0] == 0) {
            DIGEST_2(h, hdr.macs.dst ++ 16w0, hdr.macs.src ++ 16w0);
        }
        if (ignore[1:1] == 0) {
            tags = 0;
            if (hdr.vlan_0.isValid()) {
                tags = tags | (hdr.vlan_0.pcp ++ hdr.vlan_0.dei ++ hdr.vlan_0.vid ++ 48w0);
            }
            if (hdr.vlan_1.isValid()) {
                tags = tags | (16w0 ++ hdr.vlan_1.pcp ++ hdr.vlan_1.dei ++ hdr.vlan_1.vid ++ 32w0);
            }
            if (hdr.vlan_2.isValid()) {
                tags = tags | (32w0 ++ hdr.vlan_2.pcp ++ hdr.vlan_2.dei ++ hdr.vlan_2.vid ++ 16w0);
            }
            if (hdr.vlan_3.isValid()) {
                tags = tags | (48w0 ++ hdr.vlan_3.pcp ++ hdr.vlan_3.dei ++ hdr.vlan_3.vid);
            }
            DIGEST_1(h, tags);
        }
        if (ignore[2:2] == 0) {
            labels_01 = 0;
            labels_23 = 0;
            labels_45 = 0;
            labels_67 = 0;
            LABEL_PAIR(labels_01, 0, 1)
            LABEL_PAIR(labels_23, 2, 3)
            LABEL_PAIR(labels_45, 4, 5)
            LABEL_PAIR(labels_67, 6, 7)
            DIGEST_4(h, labels_01, labels_23, labels_45, labels_67);
        }
        if (ignore[5:3] != 7) {
            ttl = 0;
            traffic_class = 0;
            checksum = 0;
            if (hdr.ipv4.isValid()) {
                ttl = hdr.ipv4.ttl;
                traffic_class = hdr.ipv4.dscp ++ hdr.ipv4.ecn;
                checksum = hdr.ipv4.checksum;
            } else if (hdr.ipv6.isValid()) {
                ttl = hdr.ipv6.hop_limit;
                traffic_class = hdr.ipv6.dscp ++ hdr.ipv6.ecn;
            }
            if (ignore[3:3] == 1) {
                ttl = 0;
            }
            if (ignore[4:4] == 1) {
                traffic_class = 0;
            }
            if (ignore[5:5] == 1) {
                checksum = 0;
            }
            DIGEST_1(h, ttl ++ traffic_class ++ checksum ++ 32w0);
        }
#if DIGEST_BITS < 64
        h = h & ((64w1 << DIGEST_BITS) - 1);
#endif
        observation = h;
    }
}

#endif
