// SPDX-License-Identifier: Apache-2.0
//
// What is added behind the MACs or at the end: label and time stamp.

#ifndef _SLUICE_MARK_
#define _SLUICE_MARK_

#define STAMP_SUBTYPE 0x0001
#define BILLION 1000000000

// Seconds and nanoseconds of a time. The division is a multiplication by 2^76 / 5^9, which is exact for every 64-bit time.
control split_time(in bit<64> time_ns, out bit<64> seconds, out bit<32> nanoseconds) {
    bit<128> product;

    apply {
        product = (bit<128>) (time_ns >> 9);
        product = product * 128w0x89705F4136B4A6;
        seconds = (bit<64>) (product >> 76);
        nanoseconds = (bit<32>) (time_ns - seconds * BILLION);
    }
}

control mark_frame(inout headers_t hdr, inout metadata_t meta) {
    bit<16> stamp_version;
    bit<16> tai_offset;
    bit<1> stamps;
    bit<2> clock_source;
    bit<64> seconds;
    bit<32> nanoseconds;

    split_time() split;

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

    action stamp_vss(bit<2> source, bit<8> port) {
        clock_source = source;
        meta.edit.port = port;
        meta.edit.trailer = 9;
    }

    table stamp {
        key = { meta.instance: exact @name("instance"); }
        actions = { stamp_d28b; stamp_vss; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        stamps = 0;
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
        } else if (meta.edit.trailer != 0) {
            split.apply(meta.time_ns, seconds, nanoseconds);
            meta.edit.seconds = seconds[31:0];
            meta.edit.clock_and_nanoseconds = clock_source ++ nanoseconds[29:0];
        }
    }
}

#endif
