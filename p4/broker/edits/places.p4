// SPDX-License-Identifier: Apache-2.0
//
// Where the anchors of masks and slices are, in the frame after `strip`.

#ifndef _SLUICE_PLACES_
#define _SLUICE_PLACES_

#define ANCHOR_FRAME 0
#define ANCHOR_L3 1
#define ANCHOR_L4 2
#define ANCHOR_PAYLOAD 3
#define ANCHOR_INNER_L3 4
#define ANCHOR_INNER_L4 5
#define ANCHOR_INNER_PAYLOAD 6

// Bytes of a transport header: TCP says how many, the others are fixed (ICMP and IGMP: 8).
#define PAYLOAD_BEHIND(layer, start, place) \
    if (start != 0) { \
        place = start + 8; \
        if (hdr.layer##tcp.isValid()) { \
            place = start + ((hdr.layer##tcp.data_offset < 5) ? 16w20 : ((12w0 ++ hdr.layer##tcp.data_offset) << 2)); \
        } else if (hdr.layer##sctp.isValid()) { \
            place = start + 12; \
        } \
    }

// Into `meta.edit.payload` and `meta.edit.inner_payload`.
control find_payloads(inout headers_t hdr, inout metadata_t meta) {
    apply {
        if (meta.edit.unwrapped == 1) {
            PAYLOAD_BEHIND(inner_, meta.layers.l4, meta.edit.payload)
        } else {
            PAYLOAD_BEHIND(, meta.layers.l4, meta.edit.payload)
            PAYLOAD_BEHIND(inner_, meta.layers.inner_l4, meta.edit.inner_payload)
        }
    }
}

// `start` is where the anchor's layer starts; there is none: `absent`.
control find_anchor(inout metadata_t meta, in bit<3> anchor, out bit<16> start, out bit<1> absent) {
    apply {
        start = 0;
        if (anchor == ANCHOR_L3) {
            start = meta.layers.l3;
        } else if (anchor == ANCHOR_L4) {
            start = meta.layers.l4;
        } else if (anchor == ANCHOR_PAYLOAD) {
            start = meta.edit.payload;
        } else if (anchor == ANCHOR_INNER_L3) {
            start = meta.layers.inner_l3;
        } else if (anchor == ANCHOR_INNER_L4) {
            start = meta.layers.inner_l4;
        } else if (anchor == ANCHOR_INNER_PAYLOAD) {
            start = meta.edit.inner_payload;
        }
        absent = (start == 0 && anchor != ANCHOR_FRAME) ? 1w1 : 1w0;
    }
}

#endif
