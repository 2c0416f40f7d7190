// Copyright and licence: Apache-2.0, as the whole of Sluice.
//
// What the broker needs and v1model cannot say. Include it after v1model.p4. The soft switch, XDP and RTL have these
// externs; bmv2 has not, so that a program that calls one is refused for it, by the extern's name.
//
// Calls that edit the frame only note what is to be done. It is done once, after the deparser has run, in this order:
//   1. deparse: the emitted headers, then the payload
//   2. overwrite, in the order of the calls
//   3. trim
//   4. truncate (v1model's)
//   5. fix_checksums, in the order of the calls
//   6. append_trailer, in the order of the calls
// Offsets and lengths count bytes of the frame as it then is, from its first byte.

#ifndef _SLUICE_P4_
#define _SLUICE_P4_

#include <core.p4>

// When the frame came in, in nanoseconds since the UNIX epoch: the port's hardware clock, or the capture's timestamp.
// The same for every copy of a frame.
@noSideEffects
extern bit<64> ingress_time_ns();

// Bytes of the frame on the wire, without FCS. More than the parser can see where the capture was cut short.
@noSideEffects
extern bit<32> wire_length();

// Whether the port marked the frame bad (a wrong FCS, or cut off in the middle).
@noSideEffects
extern bool frame_is_bad();

// A 64-bit digest of the data's bits in order, headers and structs by their fields; not linear, so that
// what collides cannot be found by exclusive or. Equal seeds and bits give equal digests on every target.
@pure
extern bit<64> digest64<T>(in bit<64> seed, in T data);

// Overwrites bytes of the deparsed frame with one value, as far as there are any; the payload that was never parsed
// can be reached so. Several calls add up.
extern void overwrite(in bit<32> offset_bytes, in bit<32> length_bytes, in bit<8> value);

// Removes what stands behind that many bytes of the deparsed frame, such as padding. The frame counts as that long from
// then on: a capture states the trimmed length as the original one, unlike with truncate. The last call counts.
extern void trim(in bit<32> length_bytes);

// Makes the IP packet that starts at that offset consistent with what is left of it: lengths of IPv4, IPv6 and
// UDP, the IPv4 header checksum, and the checksums of TCP, UDP, ICMP and ICMPv6. Does nothing where no IP packet starts.
extern void fix_checksums(in bit<32> offset_bytes);

// Appends data behind the frame, headers and structs by their fields; a whole number of bytes in all. It is neither
// truncated nor covered by checksums. Several calls append one behind the other.
extern void append_trailer<T>(in T data);

#endif
