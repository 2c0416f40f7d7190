// SPDX-License-Identifier: Apache-2.0
//
// Headers to bits, in the order in which they can follow each other.

#ifndef _SLUICE_DEPARSER_
#define _SLUICE_DEPARSER_

control broker_deparser(packet_out pkt, in headers_t hdr) {
    apply {
        pkt.emit(hdr.around_ethernet);
        pkt.emit(hdr.around_ipv4);
        pkt.emit(hdr.around_udp);
        pkt.emit(hdr.around_vxlan);
        pkt.emit(hdr.around_gre);
        pkt.emit(hdr.around_gre_word);
        pkt.emit(hdr.around_erspan2);
        pkt.emit(hdr.around_erspan3);
        pkt.emit(hdr.around_erspan3_sub);

        pkt.emit(hdr.macs);
        pkt.emit(hdr.stamp_64);
        pkt.emit(hdr.stamp_48);
        pkt.emit(hdr.label);
        pkt.emit(hdr.vlan_0);
        pkt.emit(hdr.vlan_1);
        pkt.emit(hdr.vlan_2);
        pkt.emit(hdr.vlan_3);
        pkt.emit(hdr.ether_type);

        pkt.emit(hdr.pbb);
        pkt.emit(hdr.mpls);
        pkt.emit(hdr.control_word);
        pkt.emit(hdr.second_macs);
        pkt.emit(hdr.second_vlan_0);
        pkt.emit(hdr.second_vlan_1);
        pkt.emit(hdr.second_vlan_2);
        pkt.emit(hdr.second_vlan_3);
        pkt.emit(hdr.second_type);
        pkt.emit(hdr.pppoe);

        pkt.emit(hdr.arp);
        pkt.emit(hdr.ipv4);
        pkt.emit(hdr.ipv4_options);
        pkt.emit(hdr.ipv6);
        pkt.emit(hdr.extension_0);
        pkt.emit(hdr.extension_1);
        pkt.emit(hdr.extension_2);
        pkt.emit(hdr.extension_3);
        pkt.emit(hdr.extension_4);
        pkt.emit(hdr.extension_5);
        pkt.emit(hdr.ports);
        pkt.emit(hdr.tcp);
        pkt.emit(hdr.udp);
        pkt.emit(hdr.sctp);
        pkt.emit(hdr.icmp);

        pkt.emit(hdr.vxlan);
        pkt.emit(hdr.geneve);
        pkt.emit(hdr.geneve_options);
        pkt.emit(hdr.gre);
        pkt.emit(hdr.gre_checksum);
        pkt.emit(hdr.gre_key);
        pkt.emit(hdr.gre_sequence);
        pkt.emit(hdr.erspan2);
        pkt.emit(hdr.erspan3);
        pkt.emit(hdr.erspan3_sub);
        pkt.emit(hdr.gtpu);
        pkt.emit(hdr.gtpu_optional);
        pkt.emit(hdr.gtpu_extension_0);
        pkt.emit(hdr.gtpu_next_0);
        pkt.emit(hdr.gtpu_extension_1);
        pkt.emit(hdr.gtpu_next_1);
        pkt.emit(hdr.gtpu_extension_2);
        pkt.emit(hdr.gtpu_next_2);
        pkt.emit(hdr.gtpu_extension_3);
        pkt.emit(hdr.gtpu_next_3);

        pkt.emit(hdr.inner_macs);
        pkt.emit(hdr.inner_vlan_0);
        pkt.emit(hdr.inner_vlan_1);
        pkt.emit(hdr.inner_vlan_2);
        pkt.emit(hdr.inner_vlan_3);
        pkt.emit(hdr.inner_type);
        pkt.emit(hdr.inner_arp);
        pkt.emit(hdr.inner_ipv4);
        pkt.emit(hdr.inner_ipv4_options);
        pkt.emit(hdr.inner_ipv6);
        pkt.emit(hdr.inner_extension_0);
        pkt.emit(hdr.inner_extension_1);
        pkt.emit(hdr.inner_extension_2);
        pkt.emit(hdr.inner_extension_3);
        pkt.emit(hdr.inner_extension_4);
        pkt.emit(hdr.inner_extension_5);
        pkt.emit(hdr.inner_ports);
        pkt.emit(hdr.inner_tcp);
        pkt.emit(hdr.inner_udp);
        pkt.emit(hdr.inner_sctp);
        pkt.emit(hdr.inner_icmp);

        pkt.emit(hdr.window_32);
        pkt.emit(hdr.window_16);
        pkt.emit(hdr.window_8);
        pkt.emit(hdr.window_4);
        pkt.emit(hdr.window_2);
        pkt.emit(hdr.window_1);
    }
}

#endif
