// SPDX-License-Identifier: Apache-2.0
//
// Takes tags, labels and tunnels away. Where the payload is a frame it becomes the frame; where it is an IP packet the outermost
// MACs and tags stay, and the type tells the inner version. `meta.layers` is right again afterwards.

#ifndef _SLUICE_STRIP_
#define _SLUICE_STRIP_

#define REMOVE_TAG(header_name) \
    if (hdr.header_name.isValid()) { \
        hdr.header_name.setInvalid(); \
        meta.edit.removed = meta.edit.removed + 4; \
    }

#define SHIFT(place) \
    if (place != 0) { \
        place = place - meta.edit.removed; \
    }

control strip_frame(inout headers_t hdr, inout metadata_t meta) {
    bit<16> kinds;
    bit<16> link_end;
    // Which tags are the frame's afterwards.
    bit<1> second_is_frame;
    bit<1> inner_is_frame;
    bit<1> trims;

    @name("strip") action strip_kinds(bit<16> what) {
        kinds = what;
    }

    table strip {
        key = { meta.instance: exact @name("instance"); }
        actions = { strip_kinds; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    // Tags and type of the outermost frame.
    action remove_link() {
        hdr.vlan_0.setInvalid();
        hdr.vlan_1.setInvalid();
        hdr.vlan_2.setInvalid();
        hdr.vlan_3.setInvalid();
        hdr.ether_type.setInvalid();
    }

    action remove_labels() {
        hdr.mpls[0].setInvalid();
        hdr.mpls[1].setInvalid();
        hdr.mpls[2].setInvalid();
        hdr.mpls[3].setInvalid();
        hdr.mpls[4].setInvalid();
        hdr.mpls[5].setInvalid();
        hdr.mpls[6].setInvalid();
        hdr.mpls[7].setInvalid();
    }

    // What stands between the outermost type and the outer network header.
    action remove_between() {
        remove_labels();
        hdr.pbb.setInvalid();
        hdr.control_word.setInvalid();
        hdr.second_macs.setInvalid();
        hdr.second_vlan_0.setInvalid();
        hdr.second_vlan_1.setInvalid();
        hdr.second_vlan_2.setInvalid();
        hdr.second_vlan_3.setInvalid();
        hdr.second_type.setInvalid();
        hdr.pppoe.setInvalid();
    }

    // The outer network header up to the tunnel's own.
    action remove_tunnel() {
        hdr.ipv4.setInvalid();
        hdr.ipv4_options.setInvalid();
        hdr.ipv6.setInvalid();
        hdr.extension_0.setInvalid();
        hdr.extension_1.setInvalid();
        hdr.extension_2.setInvalid();
        hdr.extension_3.setInvalid();
        hdr.extension_4.setInvalid();
        hdr.extension_5.setInvalid();
        hdr.ports.setInvalid();
        hdr.udp.setInvalid();
        hdr.vxlan.setInvalid();
        hdr.geneve.setInvalid();
        hdr.geneve_options.setInvalid();
        hdr.gre.setInvalid();
        hdr.gre_checksum.setInvalid();
        hdr.gre_key.setInvalid();
        hdr.gre_sequence.setInvalid();
        hdr.erspan2.setInvalid();
        hdr.erspan3.setInvalid();
        hdr.erspan3_sub.setInvalid();
        hdr.gtpu.setInvalid();
        hdr.gtpu_optional.setInvalid();
        hdr.gtpu_extension_0.setInvalid();
        hdr.gtpu_next_0.setInvalid();
        hdr.gtpu_extension_1.setInvalid();
        hdr.gtpu_next_1.setInvalid();
        hdr.gtpu_extension_2.setInvalid();
        hdr.gtpu_next_2.setInvalid();
        hdr.gtpu_extension_3.setInvalid();
        hdr.gtpu_next_3.setInvalid();
    }

    action inner_becomes_outer() {
        meta.edit.unwrapped = 1;
        meta.layers.l3 = meta.layers.inner_l3;
        meta.layers.l4 = meta.layers.inner_l4;
        meta.layers.inner_l3 = 0;
        meta.layers.inner_l4 = 0;
        trims = 1;
    }

    // A frame inside the tunnel.
    action unwrap_frame() {
        meta.edit.removed = meta.inner_start;
        remove_link();
        remove_between();
        remove_tunnel();
        hdr.macs.dst = hdr.inner_macs.dst;
        hdr.macs.src = hdr.inner_macs.src;
        hdr.inner_macs.setInvalid();
        inner_is_frame = 1;
        inner_becomes_outer();
    }

    // An IP packet inside the tunnel.
    action unwrap_packet(bit<16> version_type) {
        meta.edit.removed = meta.inner_start - link_end;
        remove_between();
        remove_tunnel();
        hdr.ether_type.value = version_type;
        inner_becomes_outer();
    }

    // The frame of a pseudowire or of a PBB customer.
    action unwrap_second() {
        meta.edit.removed = meta.second_start;
        remove_link();
        remove_labels();
        hdr.control_word.setInvalid();
        hdr.pbb.setInvalid();
        hdr.macs.dst = hdr.second_macs.dst;
        hdr.macs.src = hdr.second_macs.src;
        hdr.second_macs.setInvalid();
        second_is_frame = 1;
    }

    // An IP packet behind labels.
    action pop_labels(bit<16> version_type) {
        meta.edit.removed = meta.layers.l3 - link_end;
        remove_labels();
        hdr.ether_type.value = version_type;
        trims = 1;
    }

    action find_link_end() {
        link_end = 14 + (hdr.vlan_0.isValid() ? 16w4 : 16w0) + (hdr.vlan_1.isValid() ? 16w4 : 16w0)
            + (hdr.vlan_2.isValid() ? 16w4 : 16w0) + (hdr.vlan_3.isValid() ? 16w4 : 16w0);
    }

    apply {
        kinds = 0;
        meta.edit.length = 16w0 ++ meta.frame_bytes;
        strip.apply();
        if (kinds != 0) {
            second_is_frame = 0;
            inner_is_frame = 0;
            trims = 0;
            find_link_end();
            if ((kinds & meta.tunnel) != 0 && hdr.inner_macs.isValid()) {
                unwrap_frame();
            } else if ((kinds & meta.tunnel) != 0 && hdr.inner_ipv4.isValid()) {
                unwrap_packet(TYPE_IPV4);
            } else if ((kinds & meta.tunnel) != 0 && hdr.inner_ipv6.isValid()) {
                unwrap_packet(TYPE_IPV6);
            } else if ((kinds & STRIP_MPLS) != 0 && hdr.mpls[0].isValid()) {
                if (hdr.second_macs.isValid()) {
                    unwrap_second();
                } else if (hdr.ipv4.isValid()) {
                    pop_labels(TYPE_IPV4);
                } else if (hdr.ipv6.isValid()) {
                    pop_labels(TYPE_IPV6);
                }
            } else if ((kinds & STRIP_PBB) != 0 && hdr.pbb.isValid() && hdr.second_macs.isValid()) {
                unwrap_second();
            }
            if ((kinds & STRIP_VLAN) != 0) {
                if (inner_is_frame == 1) {
                    REMOVE_TAG(inner_vlan_0)
                    REMOVE_TAG(inner_vlan_1)
                    REMOVE_TAG(inner_vlan_2)
                    REMOVE_TAG(inner_vlan_3)
                } else if (second_is_frame == 1) {
                    REMOVE_TAG(second_vlan_0)
                    REMOVE_TAG(second_vlan_1)
                    REMOVE_TAG(second_vlan_2)
                    REMOVE_TAG(second_vlan_3)
                } else {
                    REMOVE_TAG(vlan_0)
                    REMOVE_TAG(vlan_1)
                    REMOVE_TAG(vlan_2)
                    REMOVE_TAG(vlan_3)
                }
            }
            SHIFT(meta.layers.l3)
            SHIFT(meta.layers.l4)
            SHIFT(meta.layers.inner_l3)
            SHIFT(meta.layers.inner_l4)
            meta.edit.length = meta.edit.length - (16w0 ++ meta.edit.removed);
            // What stood behind the outer IP packet was padding of a frame that is gone.
            if (trims == 1 && meta.network_end >= meta.parsed && meta.network_end < meta.frame_bytes) {
                meta.edit.length = 16w0 ++ (meta.network_end - meta.edit.removed);
                meta.edit.trim = meta.edit.length;
            }
        }
    }
}

#endif
