// SPDX-License-Identifier: Apache-2.0
//
// The program in pure v1model, for p4c and bmv2. What v1model cannot say counts as `unsupported`: masks, trailers, checksum
// fixing. Its clock counts microseconds from the switch's start: the table `clock` anchors it.

#include <v1model.p4>

// digest64 (docs/PIPELINE.md) in arithmetic, over whole words.
#define DIGEST_WORD(h, w) \
    h = (h ^ (w)) * 64w0xFF51AFD7ED558CCD; \
    h = h ^ (h >> 32);
#define DIGEST_BEGIN(h) h = h ^ 64w0x9E3779B97F4A7C15;
#define DIGEST_END(h) \
    h = h * 64w0xC4CEB9FE1A85EC53; \
    h = h ^ (h >> 29)

#define DIGEST_1(h, a) DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_END(h)
#define DIGEST_2(h, a, b) DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_WORD(h, b) DIGEST_END(h)
#define DIGEST_3(h, a, b, c) DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_WORD(h, b) DIGEST_WORD(h, c) DIGEST_END(h)
#define DIGEST_4(h, a, b, c, d) \
    DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_WORD(h, b) DIGEST_WORD(h, c) DIGEST_WORD(h, d) DIGEST_END(h)
#define DIGEST_6(h, a, b, c, d, e, f) \
    DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_WORD(h, b) DIGEST_WORD(h, c) DIGEST_WORD(h, d) DIGEST_WORD(h, e) \
    DIGEST_WORD(h, f) DIGEST_END(h)
#define DIGEST_8(h, a, b, c, d, e, f, g, i) \
    DIGEST_BEGIN(h) DIGEST_WORD(h, a) DIGEST_WORD(h, b) DIGEST_WORD(h, c) DIGEST_WORD(h, d) DIGEST_WORD(h, e) \
    DIGEST_WORD(h, f) DIGEST_WORD(h, g) DIGEST_WORD(h, i) DIGEST_END(h)

#define CAN_OVERWRITE false
#define CAN_APPEND false
#define CAN_FIX false

#include "v1model_parts.p4"

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @name(".ingress") broker_ingress() broker;

    // Nanoseconds since the UNIX epoch at the switch's start.
    action anchor(bit<64> start_ns) {
        meta.time_ns = start_ns;
    }

    table clock {
        actions = { anchor; }
        default_action = anchor(0);
    }

    apply {
        meta.ingress_port = standard.ingress_port;
        meta.wire_length = meta.frame_bytes;
        clock.apply();
        meta.time_ns = meta.time_ns + (16w0 ++ standard.ingress_global_timestamp) * 1000;
        meta.malformed = (standard.parser_error != error.NoError) ? 1w1 : 1w0;
        broker.apply(hdr, meta);
        if (meta.outcome == OUTCOME_DELIVERED && meta.group != 0) {
            standard.mcast_grp = meta.group;
        } else {
            mark_to_drop(standard);
        }
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @name(".egress") broker_egress() broker;

    apply {
        meta.instance = standard.egress_rid;
        broker.apply(hdr, meta);
        if (meta.drop == 1) {
            mark_to_drop(standard);
        } else if (meta.edit.slice != 0) {
            truncate(meta.edit.slice);
        } else if (meta.edit.trim != 0) {
            truncate(meta.edit.trim);
        }
    }
}

V1Switch(broker_parser(), verify_nothing(), ingress(), egress(), compute_checksums(), broker_deparser()) main;
