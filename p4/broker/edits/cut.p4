// SPDX-License-Identifier: Apache-2.0
//
// Masks and the slice: found in the frame after `strip`, done to the frame as it is sent (`place_cuts`).

#ifndef _SLUICE_CUT_
#define _SLUICE_CUT_

#define MACS_BYTES 12
// What a slice leaves at least: the frame's MACs and type.
#define SLICE_LEAST 14

#define MASK_TABLE(index) \
    bit<3> anchor_##index; \
    bit<16> offset_##index; \
    bit<16> length_##index; \
    find_anchor() find_##index; \
    table mask_##index { \
        key = { meta.instance: exact @name("instance"); } \
        actions = { mask(anchor_##index, offset_##index, length_##index, meta.edit.mask_##index.value); @defaultonly NoAction; } \
        default_action = NoAction(); \
        size = INSTANCES; \
    }

// The mask's two parts, in the frame after `strip`.
#define FIND_MASK(index) \
    if (length_##index != 0) { \
        find_##index.apply(meta, anchor_##index, start, absent); \
        if (absent == 0) { \
            from = (16w0 ++ start) + (16w0 ++ offset_##index); \
            to = from + (16w0 ++ length_##index); \
            if (from < MACS_BYTES) { \
                meta.edit.mask_##index.head_offset = from; \
                meta.edit.mask_##index.head_length = ((to < MACS_BYTES) ? to : MACS_BYTES) - from; \
                from = MACS_BYTES; \
            } \
            if (to > from) { \
                meta.edit.mask_##index.offset = from; \
                meta.edit.mask_##index.length = to - from; \
            } \
        } \
    }

control find_cuts(inout headers_t hdr, inout metadata_t meta) {
    bit<3> slice_anchor;
    bit<16> slice_bytes;
    bit<1> slices;
    bit<16> start;
    bit<1> absent;
    bit<32> from;
    bit<32> to;

    find_payloads() payloads;
    find_anchor() find_slice;

    action mask(out bit<3> at, out bit<16> behind, out bit<16> bytes, out bit<8> with,
                bit<3> anchor, bit<16> offset, bit<16> length, bit<8> value) {
        at = anchor;
        behind = offset;
        bytes = length;
        with = value;
    }

    MASK_TABLE(0)
    MASK_TABLE(1)
    MASK_TABLE(2)
    MASK_TABLE(3)

    @name("slice") action slice_at(bit<3> anchor, bit<16> bytes) {
        slice_anchor = anchor;
        slice_bytes = bytes;
        slices = 1;
    }

    table slice {
        key = { meta.instance: exact @name("instance"); }
        actions = { slice_at; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        length_0 = 0;
        length_1 = 0;
        length_2 = 0;
        length_3 = 0;
        slices = 0;
        // Masks fill the tables from the first on: an instance without one in a table has none in the later ones.
        if (mask_0.apply().hit) {
            if (mask_1.apply().hit) {
                if (mask_2.apply().hit) {
                    mask_3.apply();
                }
            }
        }
        slice.apply();
        if (length_0 != 0 || slices == 1) {
            payloads.apply(hdr, meta);
            FIND_MASK(0)
            FIND_MASK(1)
            FIND_MASK(2)
            FIND_MASK(3)
            if (slices == 1) {
                find_slice.apply(meta, slice_anchor, start, absent);
                if (absent == 1) {
                    start = meta.parsed - meta.edit.removed;
                }
                to = (16w0 ++ start) + (16w0 ++ slice_bytes);
                if (to < SLICE_LEAST) {
                    to = SLICE_LEAST;
                }
                if (to < meta.edit.length) {
                    meta.edit.length = to;
                    meta.edit.slice = to;
                }
            }
        }
    }
}

#define PLACE_MASK(index) \
    if (meta.edit.mask_##index.head_length != 0) { \
        meta.edit.mask_##index.head_offset = meta.edit.mask_##index.head_offset + meta.edit.around; \
    } \
    if (meta.edit.mask_##index.length != 0) { \
        meta.edit.mask_##index.offset = meta.edit.mask_##index.offset + added; \
    }

// From places in the frame after `strip` to places in the frame as it is sent.
control place_cuts(inout metadata_t meta) {
    bit<32> added;

    apply {
        added = meta.edit.inserted + meta.edit.around;
        PLACE_MASK(0)
        PLACE_MASK(1)
        PLACE_MASK(2)
        PLACE_MASK(3)
        if (meta.edit.trim != 0) {
            meta.edit.trim = meta.edit.trim + added;
        }
        if (meta.edit.slice != 0) {
            meta.edit.slice = meta.edit.slice + added;
        }
        if (meta.edit.fix != 0) {
            meta.edit.fix = meta.edit.fix + added;
        }
    }
}

#endif
