// SPDX-License-Identifier: Apache-2.0
//
// One copy on its way to its tool: the edits of its instance, in the order of docs/PIPELINE.md. Each copy is counted once, by
// what became of it.

#ifndef _SLUICE_EGRESS_
#define _SLUICE_EGRESS_

control broker_egress(inout headers_t hdr, inout metadata_t meta) {
    bit<3> reason;

    @name(".egress") strip_frame() strip;
    @name(".egress") find_cuts() cuts;
    @name(".egress") mark_frame() mark;
    @name(".egress") encapsulate_frame() encapsulation;
    @name(".egress") tool_of_copy() tool;
    place_cuts() place;

    COUNTER(INSTANCES * 8) copy_outcome;

    // The IP packet that starts at the frame's network layer becomes consistent.
    action fix() {
        meta.edit.fix = 16w0 ++ meta.layers.l3;
    }

    table fix_checksums {
        key = { meta.instance: exact @name("instance"); }
        actions = { fix; @defaultonly NoAction; }
        default_action = NoAction();
        size = INSTANCES;
    }

    apply {
        strip.apply(hdr, meta);
        cuts.apply(hdr, meta);
        mark.apply(hdr, meta);
        encapsulation.apply(hdr, meta);
        // Of an ARP packet there is nothing to fix.
        if (!hdr.arp.isValid() && !(meta.edit.unwrapped == 1 && hdr.inner_arp.isValid())) {
            fix_checksums.apply();
        }
        tool.apply(hdr, meta, reason);
        place.apply(meta);
        // What the architecture cannot do to a frame is not done in part.
        if ((!CAN_OVERWRITE
                && (meta.edit.mask_0.head_length | meta.edit.mask_0.length | meta.edit.mask_1.head_length
                    | meta.edit.mask_1.length | meta.edit.mask_2.head_length | meta.edit.mask_2.length
                    | meta.edit.mask_3.head_length | meta.edit.mask_3.length) != 0)
                || (!CAN_APPEND && meta.edit.trailer != 0)
                || (!CAN_FIX && meta.edit.fix != 0)) {
            reason = COPY_UNSUPPORTED;
        }
        if (reason != COPY_SENT) {
            meta.drop = 1;
        }
        COUNT(copy_outcome, (bit<32>) (meta.instance ++ reason));
    }
}

#endif
