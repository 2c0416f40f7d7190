// SPDX-License-Identifier: Apache-2.0
//
// The architecture of p4c's back end for uBPF, BPF in user space, in both of its versions. `sluice p4 check` takes programs
// for it; no back end runs them.

#ifndef _UBPF_MODEL_P4_
#define _UBPF_MODEL_P4_

#include <core.p4>

// From version 20200515 on, blocks have the metadata of a packet as a parameter.
#ifndef UBPF_MODEL_VERSION
#define UBPF_MODEL_VERSION 20200515
#endif

const bit<32> __ubpf_model_version = UBPF_MODEL_VERSION;

#if UBPF_MODEL_VERSION >= 20200515
enum ubpf_action {
    ABORT,
    DROP,
    PASS,
    REDIRECT
}

struct standard_metadata {
    bit<32> input_port;
    bit<32> packet_length;
    ubpf_action output_action;
    bit<32> output_port;
    bool clone;
    bit<32> clone_port;
}

#define UBPF_STANDARD , inout standard_metadata std
#else
#define UBPF_STANDARD
#endif

// A packet passes unless it is marked otherwise; the last mark counts.
extern void mark_to_drop();
extern void mark_to_pass();

// Cells of type T, by numbers of type S.
extern Register<T, S> {
    Register(bit<32> size);
    T read(in S index);
    void write(in S index, in T value);
}

// Nanoseconds.
extern bit<48> ubpf_time_get_ns();

// Cuts the packet to `len` bytes, 14 or more.
extern void truncate(in bit<32> len);

enum HashAlgorithm {
    lookup3
}

// `data` has 64 bits at the most.
extern void hash<D>(out bit<32> result, in HashAlgorithm algo, in D data);

// A checksum after a change of 16 or 32 of the bits that it covers (RFC 1624).
extern bit<16> csum_replace2(in bit<16> csum, in bit<16> old, in bit<16> new);
extern bit<16> csum_replace4(in bit<16> csum, in bit<32> old, in bit<32> new);

parser parse<H, M>(packet_in packet, out H headers, inout M meta UBPF_STANDARD);
control pipeline<H, M>(inout H headers, inout M meta UBPF_STANDARD);
@deparser
control deparser<H>(packet_out b, in H headers);

package ubpf<H, M>(parse<H, M> prs, pipeline<H, M> p, deparser<H> dprs);

#undef UBPF_STANDARD

#endif
