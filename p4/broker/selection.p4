// SPDX-License-Identifier: Apache-2.0
//
// What thins the copies out: sampling, duplicate removal, balancing. `asked` counts what there was before, `sampled` and
// `repeated` what was taken.

#ifndef _SLUICE_SELECTION_
#define _SLUICE_SELECTION_

#define SAMPLE_TABLE(index) \
    table sample_##index { \
        actions = { thin(meta.selection.threshold_##index, meta.selection.sampled_##index); @defaultonly NoAction; } \
        default_action = NoAction(); \
    }

// The class stays where the digest is below its threshold.
#define SAMPLE(index) \
    if (meta.content[63:32] >= meta.selection.threshold_##index) { \
        meta.copies = meta.copies & ~meta.selection.sampled_##index; \
    }

#define DEDUP_TABLE(index) \
    table dedup_##index { \
        actions = { \
            configure(meta.selection.window_##index, meta.selection.unique_##index, meta.selection.ignore_##index); \
            @defaultonly NoAction; \
        } \
        default_action = NoAction(); \
    }

#define BALANCE_TABLE(index) \
    table balance_##index { \
        key = { bucket: exact @name("bucket"); } \
        actions = { choose; @defaultonly NoAction; } \
        default_action = NoAction(); \
        size = 64; \
    }

#define BALANCE(index) \
    bucket = (meta.selection.by_hosts[index:index] == 1) ? host_hash[63:58] : flow[63:58]; \
    balance_##index.apply();

control select_copies(inout headers_t hdr, inout metadata_t meta) {
    copies_t before;
    copies_t wanted;
    bit<48> within_ns;
    bit<8> left_out;
    bit<64> observation;
    bit<1> is_repeat;
    bit<64> flow;
    bit<64> host_hash;
    bit<6> bucket;

    content_digest() content;
    observation_digest() observe;
    recall() seen;
    flow_hash() flow_of_packet;
    flow_hash() hosts_of_packet;

    action count() {
    }

    action thin(out bit<32> limit, out copies_t thinned, bit<32> threshold, copies_t copies) {
        limit = threshold;
        thinned = copies;
    }

    action configure(out bit<48> length_ns, out copies_t unique, out bit<8> skipped,
                     bit<48> window_ns, copies_t copies, bit<8> ignore) {
        length_ns = window_ns;
        unique = copies;
        skipped = ignore;
    }

    action hash_by(bit<8> hosts, copies_t copies) {
        meta.selection.by_hosts = hosts;
        meta.selection.balanced = copies;
    }

    action choose(copies_t drop) {
        meta.copies = meta.copies & ~drop;
    }

    DIRECT_COUNTER(asked_hits);
    table asked {
        key = { meta.copies: exact @name("copies"); }
        actions = { count; @defaultonly NoAction; }
        default_action = NoAction();
        counters = asked_hits;
        size = SIZE_DELIVER;
    }

    SAMPLE_TABLE(0)
    SAMPLE_TABLE(1)
    SAMPLE_TABLE(2)
    SAMPLE_TABLE(3)

    DIRECT_COUNTER(sampled_hits);
    table sampled {
        key = { before: exact @name("before"); meta.copies: exact @name("copies"); }
        actions = { count; @defaultonly NoAction; }
        default_action = NoAction();
        counters = sampled_hits;
        size = SIZE_DELIVER;
    }

    DEDUP_TABLE(0)
    DEDUP_TABLE(1)

    DIRECT_COUNTER(repeated_hits);
    table repeated {
        key = { before: exact @name("before"); meta.copies: exact @name("copies"); }
        actions = { count; @defaultonly NoAction; }
        default_action = NoAction();
        counters = repeated_hits;
        size = SIZE_DELIVER;
    }

    table balance_by {
        actions = { hash_by; @defaultonly NoAction; }
        default_action = NoAction();
    }

    BALANCE_TABLE(0)
    BALANCE_TABLE(1)
    BALANCE_TABLE(2)
    BALANCE_TABLE(3)
    BALANCE_TABLE(4)
    BALANCE_TABLE(5)
    BALANCE_TABLE(6)
    BALANCE_TABLE(7)

    apply {
        asked.apply();
        sample_0.apply();
        sample_1.apply();
        sample_2.apply();
        sample_3.apply();
        dedup_0.apply();
        dedup_1.apply();

        if ((meta.copies
                & (meta.selection.sampled_0 | meta.selection.sampled_1 | meta.selection.sampled_2 | meta.selection.sampled_3
                    | meta.selection.unique_0 | meta.selection.unique_1)) != 0) {
            content.apply(hdr, meta);

            before = meta.copies;
            SAMPLE(0)
            SAMPLE(1)
            SAMPLE(2)
            SAMPLE(3)
            if (meta.copies != before) {
                sampled.apply();
            }

            // A packet's copies are all of one policy, hence in one slot.
            wanted = meta.copies & meta.selection.unique_0;
            within_ns = meta.selection.window_0;
            left_out = meta.selection.ignore_0;
            if (wanted == 0) {
                wanted = meta.copies & meta.selection.unique_1;
                within_ns = meta.selection.window_1;
                left_out = meta.selection.ignore_1;
            }
            // Of a packet whose headers were not all read, part of what tells it from others was not digested: it passes.
            if (wanted != 0 && meta.malformed == 0) {
                observe.apply(hdr, meta, wanted, left_out, observation);
                seen.apply(observation, meta.time_ns, within_ns, is_repeat);
                if (is_repeat == 1) {
                    before = meta.copies;
                    meta.copies = meta.copies & ~wanted;
                    repeated.apply();
                }
            }
        }

        balance_by.apply();
        if ((meta.copies & meta.selection.balanced) != 0) {
            flow = 0;
            host_hash = 0;
            if (meta.selection.by_hosts != 0xFF) {
                flow_of_packet.apply(hdr, meta, 0, flow);
            }
            if (meta.selection.by_hosts != 0) {
                hosts_of_packet.apply(hdr, meta, 1, host_hash);
            }
            BALANCE(0)
            BALANCE(1)
            BALANCE(2)
            BALANCE(3)
            BALANCE(4)
            BALANCE(5)
            BALANCE(6)
            BALANCE(7)
        }
    }
}

#endif
