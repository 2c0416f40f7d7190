// SPDX-License-Identifier: Apache-2.0
//
// State that stays from packet to packet, in v1model's registers.

#ifndef _SLUICE_STATE_
#define _SLUICE_STATE_

// One way: the digest's upper 48 bits, and the time in nanoseconds plus one (0: never written).
#define WAY(index) \
    if (entry_##index[111:64] == tag && entry_##index[63:0] != 0) { \
        way = index; \
        same = entry_##index[63:0]; \
        found = 1; \
    }

#define OLDER(index) \
    if (entry_##index[63:0] < oldest) { \
        oldest = entry_##index[63:0]; \
        way = index; \
    }

// Whether a packet with this observation digest was there at most `window_ns` before. 65,536 slots of four ways; the digest's low 16 bits
// choose the slot. A repeat does not refresh its entry; what is no repeat goes to the way of its own digest, else to the oldest
// (the first of several). Time is not rounded. A time before the entry's is no repeat.
control recall(in bit<64> observation, in bit<64> now, in bit<48> window_ns, out bit<1> is_repeat) {
    register<bit<112>>(DEDUP_SLOTS) way_0;
    register<bit<112>>(DEDUP_SLOTS) way_1;
    register<bit<112>>(DEDUP_SLOTS) way_2;
    register<bit<112>>(DEDUP_SLOTS) way_3;

    bit<32> slot;
    bit<48> tag;
    bit<112> entry_0;
    bit<112> entry_1;
    bit<112> entry_2;
    bit<112> entry_3;
    bit<2> way;
    bit<1> found;
    bit<64> same;
    bit<64> oldest;
    bit<64> stamp;

    apply {
        is_repeat = 0;
        slot = 16w0 ++ observation[15:0];
        tag = observation[63:16];
        stamp = now + 1;
        way_0.read(entry_0, slot);
        way_1.read(entry_1, slot);
        way_2.read(entry_2, slot);
        way_3.read(entry_3, slot);

        way = 0;
        found = 0;
        same = 0;
        WAY(0)
        WAY(1)
        WAY(2)
        WAY(3)
        if (found == 1) {
            if (same <= stamp && stamp - same <= (16w0 ++ window_ns)) {
                is_repeat = 1;
            }
        } else {
            oldest = entry_0[63:0];
            OLDER(1)
            OLDER(2)
            OLDER(3)
        }
        if (is_repeat == 0) {
            if (way == 0) {
                way_0.write(slot, tag ++ stamp);
            } else if (way == 1) {
                way_1.write(slot, tag ++ stamp);
            } else if (way == 2) {
                way_2.write(slot, tag ++ stamp);
            } else {
                way_3.write(slot, tag ++ stamp);
            }
        }
    }
}

// The next sequence number of an ERSPAN session.
control next_number(in bit<10> session, out bit<32> number) {
    register<bit<32>>(SESSIONS) numbers;

    apply {
        numbers.read(number, (bit<32>) session);
        numbers.write((bit<32>) session, number + 1);
    }
}

#endif
