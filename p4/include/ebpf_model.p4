// SPDX-License-Identifier: Apache-2.0
//
// The packet filter of the Linux kernel as p4c's eBPF back end describes it: a parser, and a control that says whether a
// packet passes. `sluice p4 check` takes programs for it; no back end runs them.

#ifndef _EBPF_MODEL_P4_
#define _EBPF_MODEL_P4_

#include <core.p4>

// Counters of 32 bits, by a number: the program counts, the control plane reads.
extern CounterArray {
    // `sparse`: only few of the numbers are expected.
    CounterArray(bit<32> max_index, bool sparse);
    void increment(in bit<32> index);
    void add(in bit<32> index, in bit<32> value);
}

// What a table is kept in, its property `implementation`: an array or a hash table of so many entries.
extern array_table {
    array_table(bit<32> size);
}

extern hash_table {
    hash_table(bit<32> size);
}

parser parse<H>(packet_in packet, out H headers);
control filter<H>(inout H headers, out bool accept);

package ebpfFilter<H>(parse<H> prs, filter<H> filt);

#endif
