// SPDX-License-Identifier: Apache-2.0
//
// Who gets the packet: each byte of the terms left adds the copies of its terms. Four accumulators, merged at the end, so that
// a target with few stages does four chains side by side.

#ifndef _SLUICE_COPIES_
#define _SLUICE_COPIES_

#define COLLECT_TABLE(index, high, low, bitmap) \
    DIRECT_COUNTER(collect_##index##_hits); \
    table collect_##index { \
        key = { meta.terms[high:low]: exact @name("terms"); } \
        actions = { collect(bitmap); @defaultonly NoAction; } \
        default_action = NoAction(); \
        counters = collect_##index##_hits; \
        size = 256; \
    }

// A byte without terms has no copies: the lookup is spared.
#define COLLECT(index, high, low) \
    if (meta.terms[high:low] != 0) { \
        collect_##index.apply(); \
    }

#include "copies_tables.p4"

control collect_copies(inout metadata_t meta) {
    copies_t gathered_a;
    copies_t gathered_b;
    copies_t gathered_c;
    copies_t gathered_d;

    action collect(inout copies_t gathered, copies_t copies) {
        gathered = gathered | copies;
    }

    action merge() {
        meta.copies = gathered_a | gathered_b | gathered_c | gathered_d;
    }

    COLLECT_TABLES

    apply {
        gathered_a = 0;
        gathered_b = 0;
        gathered_c = 0;
        gathered_d = 0;
        COLLECT_ALL
        merge();
    }
}

#endif
