// SPDX-License-Identifier: Apache-2.0
//
// From the copies left to the multicast group that makes them.

#ifndef _SLUICE_DELIVER_
#define _SLUICE_DELIVER_

control deliver_copies(inout metadata_t meta) {
    action send(bit<16> group) {
        meta.group = group;
        meta.outcome = OUTCOME_DELIVERED;
    }

    action discard() {
        meta.outcome = OUTCOME_DISCARDED;
    }

    action table_miss() {
        meta.outcome = OUTCOME_TABLE_MISS;
    }

    DIRECT_COUNTER(deliver_hits);
    table deliver {
        key = { meta.copies: exact @name("copies"); }
        actions = { send; discard; @defaultonly table_miss; }
        default_action = table_miss();
        counters = deliver_hits;
        size = SIZE_DELIVER;
    }

    apply {
        meta.outcome = OUTCOME_NO_COPY_LEFT;
        if (meta.copies != 0) {
            deliver.apply();
        }
    }
}

#endif
