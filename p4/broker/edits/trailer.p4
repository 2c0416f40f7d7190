// SPDX-License-Identifier: Apache-2.0
//
// Time stamps behind the frame, as up to 16 bytes in two words. What tells the formats apart is their length, but for two of 16 bytes.
// The frame's own check sequence, which two formats have in front, is not known to the program: it is 0, and never said to be right.

#ifndef _SLUICE_TRAILER_
#define _SLUICE_TRAILER_

#define BILLION 1000000000

#define TRAILER_VSS 1
#define TRAILER_IXIA 2
#define TRAILER_METAMAKO 3
#define TRAILER_EXABLAZE 4

#define VSS_BYTES 8
#define IXIA_BYTES 15
#define METAMAKO_BYTES 16
#define EXABLAZE_BYTES 16

// Ixia: bytes of the time; bytes of all that stands before it, and the mark.
#define IXIA_TIME_BYTES 8w8
#define IXIA_END 24w0x0AAF12

// Exablaze: a nanosecond is 2^31 / 5^9 parts of 2^-40 s; this is 2^82 / 5^9, exact for every number below a second once it is
// multiplied and 2^51 is divided out, rounded up: reading it back gives the nanosecond.
#define FRACTION_MULTIPLIER 128w0x225C17D04DAD2965
#define FRACTION_UP 128w0x7FFFFFFFFFFFF

// Seconds and nanoseconds of a time. The division is a multiplication by 2^76 / 5^9, which is exact for every 64-bit time.
control split_time(in bit<64> time_ns, out bit<64> seconds, out bit<32> nanoseconds) {
    bit<128> product;

    apply {
        product = (bit<128>) (time_ns >> 9);
        product = product * 128w0x89705F4136B4A6;
        seconds = (bit<64>) (product >> 76);
        nanoseconds = (bit<32>) (time_ns - seconds * BILLION);
    }
}

// What a trailer says beside the time. `clock`: VSS and Ixia the clock's source in their own numbers, Metamako the flags.
struct trailer_t {
    bit<3>  form;
    bit<8>  clock;
    bit<16> device;
    bit<16> port;
    bit<2>  port_bytes;
}

// The trailer of a time, its first byte in the highest bits of `head`.
control build_trailer(in trailer_t trailer, in bit<64> time_ns, out bit<32> bytes, out bit<64> head, out bit<64> tail) {
    bit<64> seconds;
    bit<32> nanoseconds;
    bit<32> sum;
    bit<128> product;

    split_time() split;

    apply {
        split.apply(time_ns, seconds, nanoseconds);
        if (trailer.form == TRAILER_VSS) {
            bytes = VSS_BYTES + (30w0 ++ trailer.port_bytes);
            head = seconds[31:0] ++ trailer.clock[1:0] ++ nanoseconds[29:0];
            tail = ((trailer.port_bytes == 1) ? trailer.port << 8 : trailer.port) ++ 48w0;
        } else if (trailer.form == TRAILER_IXIA) {
            bytes = IXIA_BYTES;
            // Ones' complement sum of all that stands before it, the odd byte padded with zero.
            sum = (16w0 ++ trailer.clock ++ IXIA_TIME_BYTES) + (16w0 ++ seconds[31:16]) + (16w0 ++ seconds[15:0]);
            sum = sum + (16w0 ++ nanoseconds[31:16]) + (16w0 ++ nanoseconds[15:0]);
            sum = sum + (16w0 ++ IXIA_END[23:8]) + (16w0 ++ IXIA_END[7:0] ++ 8w0);
            sum = (16w0 ++ sum[15:0]) + (16w0 ++ sum[31:16]);
            sum = (16w0 ++ sum[15:0]) + (16w0 ++ sum[31:16]);
            head = trailer.clock ++ IXIA_TIME_BYTES ++ seconds[31:0] ++ nanoseconds[31:16];
            tail = nanoseconds[15:0] ++ IXIA_END ++ ~sum[15:0] ++ 8w0;
        } else if (trailer.form == TRAILER_METAMAKO) {
            bytes = METAMAKO_BYTES;
            head = 32w0 ++ seconds[31:0];
            tail = nanoseconds ++ trailer.clock ++ trailer.device ++ trailer.port[7:0];
        } else {
            bytes = EXABLAZE_BYTES;
            product = ((bit<128>) nanoseconds * FRACTION_MULTIPLIER + FRACTION_UP) >> 51;
            head = 32w0 ++ trailer.device[7:0] ++ trailer.port[7:0] ++ seconds[31:16];
            tail = seconds[15:0] ++ product[39:0] ++ 8w0;
        }
    }
}

// Appends a trailer of that many bytes, in an adapter that can.
#define APPEND_TRAILER(bytes, head, tail) \
    append_trailer({ head }); \
    if (bytes == 9) { \
        append_trailer({ (tail)[63:56] }); \
    } else if (bytes == 10) { \
        append_trailer({ (tail)[63:48] }); \
    } else if (bytes == 15) { \
        append_trailer({ (tail)[63:8] }); \
    } else if (bytes == 16) { \
        append_trailer({ tail }); \
    }

#endif
