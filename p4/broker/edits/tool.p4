// SPDX-License-Identifier: Apache-2.0
//
// The tool's port: destination MAC, VLAN id, longest frame, rate.

#ifndef _SLUICE_TOOL_
#define _SLUICE_TOOL_

#define LONGEST_IPV4 65535

control tool_of_copy(inout headers_t hdr, inout metadata_t meta, out bit<3> reason) {
    bit<8> limits;
    bit<16> longest;
    bit<48> set_dst;
    bit<12> set_vid;
    bit<32> frame;
    bit<2> color;

    METER(INSTANCES) rate;

    action tool(bit<8> flags, bit<16> max_frame, bit<48> dst_mac, bit<12> vid) {
        limits = flags;
        longest = max_frame;
        set_dst = dst_mac;
        set_vid = vid;
    }

    table tool_port {
        key = { meta.instance: exact @name("instance"); }
        actions = { tool; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        reason = COPY_SENT;
        limits = 0;
        frame = meta.edit.length + meta.edit.inserted + meta.edit.around + meta.edit.trailer;
        tool_port.apply();
        if (limits[2:2] == 1) {
            if (hdr.around_ethernet.isValid()) {
                hdr.around_ethernet.dst = set_dst;
            } else {
                hdr.macs.dst = set_dst;
            }
        }
        // The outermost tag of the frame; none where it is inside a tunnel.
        if (limits[3:3] == 1 && !hdr.around_ethernet.isValid()) {
            if (hdr.label.isValid()) {
                hdr.label.vid = set_vid;
            } else if (hdr.vlan_0.isValid()) {
                hdr.vlan_0.vid = set_vid;
            } else if (hdr.second_vlan_0.isValid() && !hdr.second_macs.isValid()) {
                hdr.second_vlan_0.vid = set_vid;
            } else if (hdr.inner_vlan_0.isValid() && !hdr.inner_macs.isValid()) {
                hdr.inner_vlan_0.vid = set_vid;
            }
        }
        if (limits[1:1] == 1 && frame > (16w0 ++ longest)) {
            reason = COPY_MTU;
        } else if (hdr.around_ipv4.isValid() && frame > LONGEST_IPV4) {
            reason = COPY_MTU;
        } else if (limits[0:0] == 1) {
            METER_RUN(rate, (bit<32>) meta.instance, color);
            if (color == 2) {
                reason = COPY_RATE_LIMIT;
            }
        }
    }
}

#endif
