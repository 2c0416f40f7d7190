// SPDX-License-Identifier: Apache-2.0
//
// The program for soft switch, XDP and RTL: v1model and the externs of sluice.p4.

#include <v1model.p4>
#include <sluice.p4>

#define DIGEST_1(h, a) h = digest64(h, { a })
#define DIGEST_2(h, a, b) h = digest64(h, { a, b })
#define DIGEST_3(h, a, b, c) h = digest64(h, { a, b, c })
#define DIGEST_4(h, a, b, c, d) h = digest64(h, { a, b, c, d })
#define DIGEST_6(h, a, b, c, d, e, f) h = digest64(h, { a, b, c, d, e, f })
#define DIGEST_8(h, a, b, c, d, e, f, g, i) h = digest64(h, { a, b, c, d, e, f, g, i })

#define CAN_OVERWRITE true
#define CAN_APPEND true
// The pipeline in hardware sends a frame's first bytes before it has seen its last ones: there a build says that it cannot.
#ifndef CAN_FIX
#define CAN_FIX true
#endif

#include "v1model_parts.p4"

#define OVERWRITE(mask) \
    if (meta.edit.mask.head_length != 0) { \
        overwrite(meta.edit.mask.head_offset, meta.edit.mask.head_length, meta.edit.mask.value); \
    } \
    if (meta.edit.mask.length != 0) { \
        overwrite(meta.edit.mask.offset, meta.edit.mask.length, meta.edit.mask.value); \
    }

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @name(".ingress") broker_ingress() broker;

    bit<32> length;

    apply {
        meta.ingress_port = standard.ingress_port;
        length = wire_length();
        meta.wire_length = SATURATED(length);
        meta.time_ns = ingress_time_ns();
        meta.bad_frame = frame_is_bad() ? 1w1 : 1w0;
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
        } else {
            OVERWRITE(mask_0)
            OVERWRITE(mask_1)
            OVERWRITE(mask_2)
            OVERWRITE(mask_3)
            if (meta.edit.trim != 0) {
                trim(meta.edit.trim);
            }
            if (meta.edit.slice != 0) {
                truncate(meta.edit.slice);
            }
            if (CAN_FIX && meta.edit.fix != 0) {
                fix_checksums(meta.edit.fix);
            }
            if (meta.edit.trailer != 0) {
                APPEND_TRAILER(meta.edit.trailer, meta.edit.trailer_head, meta.edit.trailer_tail)
            }
        }
    }
}

V1Switch(broker_parser(), verify_nothing(), ingress(), egress(), compute_checksums(), broker_deparser()) main;
