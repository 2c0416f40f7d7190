// SPDX-License-Identifier: Apache-2.0
//
// Puts the copy into a tunnel to a tool across a network. Outer IPv4: identification 0 with "do not fragment" (RFC 6864), checksum
// by the adapter. ERSPAN sequence numbers count per session, from 0, over all instances that use it.

#ifndef _SLUICE_ENCAPSULATE_
#define _SLUICE_ENCAPSULATE_

#define ETHERNET_BYTES 14
#define IPV4_BYTES 20
#define UDP_BYTES 8
#define VXLAN_BYTES 8
#define GRE_BYTES 8
#define ERSPAN2_BYTES 8
#define ERSPAN3_BYTES 20

#define AROUND_NONE 0
#define AROUND_VXLAN 1
#define AROUND_GRE 2
#define AROUND_ERSPAN2 3
#define AROUND_ERSPAN3 4

// Granularity of ERSPAN III. IEEE 1588: nanoseconds in the header, seconds in the subheader of platform 5. 100 ns: the low half of
// their number in the header, the high half in the subheader of platform 3.
#define ERSPAN_1588 2
#define ERSPAN_1588_PLATFORM 5
#define ERSPAN_100NS_PLATFORM 3

// 2^67 / 25, rounded up: exact for every quarter of a 64-bit number.
#define HUNDREDTH_MULTIPLIER 128w0x51EB851EB851EB86

control encapsulate_frame(inout headers_t hdr, inout metadata_t meta) {
    bit<3> kind;
    bit<32> payload;
    bit<10> used_session;
    bit<32> number;
    bit<64> flow_sum;
    bit<64> seconds;
    bit<32> nanoseconds;
    bit<128> product;

    flow_hash() flow;
    split_time() split;
    next_number() sequence;

    action around_ip(bit<48> dst_mac, bit<48> src_mac, bit<32> src_ip, bit<32> dst_ip, bit<8> ttl, bit<6> dscp, bit<8> protocol) {
        hdr.around_ethernet.setValid();
        hdr.around_ethernet.dst = dst_mac;
        hdr.around_ethernet.src = src_mac;
        hdr.around_ethernet.ether_type = TYPE_IPV4;
        hdr.around_ipv4.setValid();
        hdr.around_ipv4.version = 4;
        hdr.around_ipv4.ihl = 5;
        hdr.around_ipv4.dscp = dscp;
        hdr.around_ipv4.ecn = 0;
        hdr.around_ipv4.identification = 0;
        hdr.around_ipv4.reserved = 0;
        hdr.around_ipv4.dont_fragment = 1;
        hdr.around_ipv4.more_fragments = 0;
        hdr.around_ipv4.fragment_offset = 0;
        hdr.around_ipv4.ttl = ttl;
        hdr.around_ipv4.protocol = protocol;
        hdr.around_ipv4.checksum = 0;
        hdr.around_ipv4.src = src_ip;
        hdr.around_ipv4.dst = dst_ip;
    }

    action around_gre(bit<1> has_key, bit<16> protocol) {
        hdr.around_gre.setValid();
        hdr.around_gre.has_checksum = 0;
        hdr.around_gre.has_routing = 0;
        hdr.around_gre.has_key = has_key;
        hdr.around_gre.has_sequence = ~has_key;
        hdr.around_gre.reserved = 0;
        hdr.around_gre.version = 0;
        hdr.around_gre.protocol = protocol;
        hdr.around_gre_word.setValid();
    }

    action encapsulate_vxlan(bit<48> dst_mac, bit<48> src_mac, bit<32> src_ip, bit<32> dst_ip, bit<8> ttl, bit<6> dscp,
                             bit<16> udp_port, bit<24> vni) {
        around_ip(dst_mac, src_mac, src_ip, dst_ip, ttl, dscp, PROTO_UDP);
        hdr.around_udp.setValid();
        hdr.around_udp.dst = udp_port;
        hdr.around_udp.checksum = 0;
        hdr.around_vxlan.setValid();
        hdr.around_vxlan.flags = 0x08;
        hdr.around_vxlan.reserved = 0;
        hdr.around_vxlan.vni = vni;
        hdr.around_vxlan.reserved2 = 0;
        meta.edit.around = ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES + VXLAN_BYTES;
        kind = AROUND_VXLAN;
    }

    action encapsulate_gre(bit<48> dst_mac, bit<48> src_mac, bit<32> src_ip, bit<32> dst_ip, bit<8> ttl, bit<6> dscp,
                           bit<32> key) {
        around_ip(dst_mac, src_mac, src_ip, dst_ip, ttl, dscp, PROTO_GRE);
        around_gre(1, TYPE_TRANSPARENT);
        hdr.around_gre_word.value = key;
        meta.edit.around = ETHERNET_BYTES + IPV4_BYTES + GRE_BYTES;
        kind = AROUND_GRE;
    }

    action encapsulate_erspan2(bit<48> dst_mac, bit<48> src_mac, bit<32> src_ip, bit<32> dst_ip, bit<8> ttl, bit<6> dscp,
                               bit<10> session) {
        around_ip(dst_mac, src_mac, src_ip, dst_ip, ttl, dscp, PROTO_GRE);
        around_gre(0, TYPE_ERSPAN);
        hdr.around_erspan2.setValid();
        hdr.around_erspan2.version = 1;
        hdr.around_erspan2.vlan = 0;
        hdr.around_erspan2.cos = 0;
        hdr.around_erspan2.encapsulation = 0;
        hdr.around_erspan2.truncated = 0;
        hdr.around_erspan2.session = session;
        hdr.around_erspan2.reserved = 0;
        hdr.around_erspan2.index = 0;
        used_session = session;
        meta.edit.around = ETHERNET_BYTES + IPV4_BYTES + GRE_BYTES + ERSPAN2_BYTES;
        kind = AROUND_ERSPAN2;
    }

    action encapsulate_erspan3(bit<48> dst_mac, bit<48> src_mac, bit<32> src_ip, bit<32> dst_ip, bit<8> ttl, bit<6> dscp,
                               bit<10> session, bit<2> granularity) {
        around_ip(dst_mac, src_mac, src_ip, dst_ip, ttl, dscp, PROTO_GRE);
        around_gre(0, TYPE_ERSPAN3);
        hdr.around_erspan3.setValid();
        hdr.around_erspan3.version = 2;
        hdr.around_erspan3.vlan = 0;
        hdr.around_erspan3.cos = 0;
        hdr.around_erspan3.bso = 0;
        hdr.around_erspan3.truncated = 0;
        hdr.around_erspan3.session = session;
        hdr.around_erspan3.sgt = 0;
        hdr.around_erspan3.is_pdu = 1;
        hdr.around_erspan3.frame_type = 0;
        hdr.around_erspan3.hardware = 0;
        hdr.around_erspan3.direction = 0;
        hdr.around_erspan3.granularity = granularity;
        hdr.around_erspan3.has_subheader = 1;
        hdr.around_erspan3_sub.setValid();
        hdr.around_erspan3_sub.switch_id = 0;
        used_session = session;
        meta.edit.around = ETHERNET_BYTES + IPV4_BYTES + GRE_BYTES + ERSPAN3_BYTES;
        kind = AROUND_ERSPAN3;
    }

    table encapsulate {
        key = { meta.instance: exact @name("instance"); }
        actions = { encapsulate_vxlan; encapsulate_gre; encapsulate_erspan2; encapsulate_erspan3; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        kind = AROUND_NONE;
        used_session = 0;
        encapsulate.apply();
        if (kind != AROUND_NONE) {
            payload = meta.edit.length + meta.edit.inserted + meta.edit.trailer;
            hdr.around_ipv4.total_length = (payload + meta.edit.around - ETHERNET_BYTES)[15:0];
            if (kind == AROUND_VXLAN) {
                flow.apply(hdr, meta, 0, flow_sum);
                hdr.around_udp.src = 2w3 ++ flow_sum[13:0];
                hdr.around_udp.length = (payload + UDP_BYTES + VXLAN_BYTES)[15:0];
            } else if (kind != AROUND_GRE) {
                sequence.apply(used_session, number);
                hdr.around_gre_word.value = number;
                if (kind == AROUND_ERSPAN3) {
                    hdr.around_erspan3_sub.port = 7w0 ++ meta.ingress_port;
                    if (hdr.around_erspan3.granularity == ERSPAN_1588) {
                        split.apply(meta.time_ns, seconds, nanoseconds);
                        hdr.around_erspan3.timestamp = nanoseconds;
                        hdr.around_erspan3_sub.platform = ERSPAN_1588_PLATFORM;
                        hdr.around_erspan3_sub.seconds = seconds[31:0];
                    } else {
                        product = ((bit<128>) (meta.time_ns >> 2) * HUNDREDTH_MULTIPLIER) >> 67;
                        hdr.around_erspan3.timestamp = product[31:0];
                        hdr.around_erspan3_sub.platform = ERSPAN_100NS_PLATFORM;
                        hdr.around_erspan3_sub.seconds = product[63:32];
                    }
                }
            }
        }
    }
}

#endif
