// SPDX-License-Identifier: Apache-2.0
//
// The core library of P4-16, language version 1.2.5 (appendix "P4 core library"): what every architecture has.
// The declarations are the specification's; layout and words are ours.

#ifndef _CORE_P4_
#define _CORE_P4_

error {
    NoError,
    PacketTooShort,        // extract, lookahead or advance beyond the end of the packet
    NoMatch,               // no case of a select matches
    StackOutOfBounds,      // next or last of a header stack that is full or empty
    HeaderTooShort,        // a varbit field that is longer than its type can hold
    ParserTimeout,         // more states than the target allows
    ParserInvalidArgument  // an argument that the target does not support
}

extern packet_in {
    // Fills a header, or a header union's member, of fixed size, and moves behind it.
    void extract<T>(out T hdr);
    // The same for a header with one varbit field, which gets this many bits.
    void extract<T>(out T variableSizeHeader, in bit<32> variableFieldSizeInBits);
    // What extract would read, without moving.
    T lookahead<T>();
    // Moves forward.
    void advance(in bit<32> sizeInBits);
    // Of the whole packet, in bytes.
    bit<32> length();
}

extern packet_out {
    // Appends a header if it is valid, and the fields of a struct, stack or union one after the other.
    void emit<T>(in T hdr);
}

// In a parser: goes to reject with this error where the check is false.
extern void verify(in bool check, in error toSignal);

// Refuses the program, at compile time, where the check is false.
extern bool static_assert(bool check, string message);
extern bool static_assert(bool check);

@noWarn("unused")
action NoAction() {}

match_kind {
    exact,
    ternary,
    lpm
}

#endif
