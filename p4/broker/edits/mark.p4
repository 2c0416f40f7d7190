// SPDX-License-Identifier: Apache-2.0
//
// What is added behind the MACs or at the end: label and time stamp.

#ifndef _SLUICE_MARK_
#define _SLUICE_MARK_

#define STAMP_SUBTYPE 0x0001

control mark_frame(inout headers_t hdr, inout metadata_t meta) {
    bit<16> stamp_version;
    bit<16> tai_offset;
    bit<1> stamps;
    trailer_t trailer;
    bit<64> seconds;
    bit<32> nanoseconds;

    split_time() split;
    build_trailer() build;

    action push_label(bit<12> vid) {
        hdr.label.setValid();
        hdr.label.tpid = TYPE_CTAG;
        hdr.label.pcp = 0;
        hdr.label.dei = 0;
        hdr.label.vid = vid;
        meta.edit.inserted = 4;
    }

    table label {
        key = {
            meta.instance: exact @name("instance");
            meta.source: exact @name("source");
        }
        actions = { push_label; @defaultonly NoAction; }
        default_action = NoAction();
        size = 4096;
    }

    action stamp_d28b(bit<16> version, bit<16> tai_offset_s) {
        stamp_version = version;
        tai_offset = tai_offset_s;
        stamps = 1;
    }

    action stamp_vss(bit<2> source, bit<2> port_bytes, bit<16> port) {
        trailer.form = TRAILER_VSS;
        trailer.clock = 6w0 ++ source;
        trailer.port_bytes = port_bytes;
        trailer.port = port;
    }

    action stamp_ixia(bit<8> source) {
        trailer.form = TRAILER_IXIA;
        trailer.clock = source;
    }

    action stamp_metamako(bit<8> flags, bit<16> device, bit<8> port) {
        trailer.form = TRAILER_METAMAKO;
        trailer.clock = flags;
        trailer.device = device;
        trailer.port = 8w0 ++ port;
    }

    action stamp_exablaze(bit<8> device, bit<8> port) {
        trailer.form = TRAILER_EXABLAZE;
        trailer.device = 8w0 ++ device;
        trailer.port = 8w0 ++ port;
    }

    table stamp {
        key = { meta.instance: exact @name("instance"); }
        actions = { stamp_d28b; stamp_vss; stamp_ixia; stamp_metamako; stamp_exablaze; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        stamps = 0;
        trailer.form = 0;
        // What has no MACs has no place for a tag.
        if (hdr.macs.isValid()) {
            label.apply();
            stamp.apply();
        }
        if (stamps == 1) {
            split.apply(meta.time_ns, seconds, nanoseconds);
            // Versions of 0x01.. are UTC, the others TAI.
            if (stamp_version[15:8] == 0) {
                seconds = seconds + (48w0 ++ tai_offset);
            }
            if (stamp_version[7:0] == 0x10) {
                hdr.stamp_64.setValid();
                hdr.stamp_64.ether_type = TYPE_STAMP;
                hdr.stamp_64.subtype = STAMP_SUBTYPE;
                hdr.stamp_64.version = stamp_version;
                hdr.stamp_64.seconds = seconds[31:0];
                hdr.stamp_64.nanoseconds = nanoseconds;
                meta.edit.inserted = meta.edit.inserted + 14;
            } else {
                hdr.stamp_48.setValid();
                hdr.stamp_48.ether_type = TYPE_STAMP;
                hdr.stamp_48.subtype = STAMP_SUBTYPE;
                hdr.stamp_48.version = stamp_version;
                hdr.stamp_48.seconds = seconds[15:0];
                hdr.stamp_48.nanoseconds = nanoseconds;
                meta.edit.inserted = meta.edit.inserted + 12;
            }
        } else if (trailer.form != 0) {
            build.apply(trailer, meta.time_ns, meta.edit.trailer, meta.edit.trailer_head, meta.edit.trailer_tail);
        }
    }
}

#endif
