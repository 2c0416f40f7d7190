/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every program that `sluice p4 compile --target xdp` writes is built on: types, the kernel's helpers, and the arithmetic
 * of P4 that C has not. A program is this file and its own text, and needs nothing but clang and the kernel's headers.
 */
#ifndef SLUICE_BPF_H
#define SLUICE_BPF_H

#include <linux/bpf.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
/* The verifier looks at such a function once, whoever calls it. Pointers that it is given may be null, for all that it knows. Weak: the
 * compiler passes all arguments, even those that the function does not look at. */
#define ONCE __attribute__((noinline, weak))

/* How libbpf reads maps from the object's type information. */
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]

/* Helpers by their numbers in linux/bpf.h. */
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *) 2;
static u64 (*bpf_ktime_get_ns)(void) = (void *) 5;
static u32 (*bpf_get_prandom_u32)(void) = (void *) 7;
static long (*bpf_redirect_map)(void *map, u64 key, u64 flags) = (void *) 51;
static s64 (*bpf_csum_diff)(void *from, u32 from_size, void *to, u32 to_size, u32 seed) = (void *) 28;
static long (*bpf_xdp_adjust_head)(struct xdp_md *ctx, int delta) = (void *) 44;
static long (*bpf_xdp_adjust_meta)(struct xdp_md *ctx, int delta) = (void *) 54;
static long (*bpf_xdp_adjust_tail)(struct xdp_md *ctx, int delta) = (void *) 65;
static long (*bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *) 93;
static long (*bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *) 94;
static u64 (*bpf_xdp_get_buff_len)(struct xdp_md *ctx) = (void *) 188;
static long (*bpf_xdp_load_bytes)(struct xdp_md *ctx, u32 offset, void *to, u32 length) = (void *) 189;
static long (*bpf_xdp_store_bytes)(struct xdp_md *ctx, u32 offset, void *from, u32 length) = (void *) 190;
static long (*bpf_loop)(u32 turns, void *callback, void *context, u64 flags) = (void *) 181;
static u64 (*bpf_ktime_get_tai_ns)(void) = (void *) 208;

/* Keeps the compiler from reasoning about a value, so that the verifier sees the check and the use on one register. */
#define OPAQUE(value) asm volatile("" : "+r"(value))

#define MASK(bits) (~0ULL >> (64 - (bits)))

/* Big-endian loads and stores at any address. */
#define LOAD8(p) ((u64) *(const u8 *) (p))
#define LOAD16(p) ((u64) __builtin_bswap16(*(const u16 *) (p)))
#define LOAD32(p) ((u64) __builtin_bswap32(*(const u32 *) (p)))
#define LOAD64(p) ((u64) __builtin_bswap64(*(const u64 *) (p)))
#define STORE8(p, v) (*(u8 *) (p) = (u8) (v))
#define STORE16(p, v) (*(u16 *) (p) = __builtin_bswap16((u16) (v)))
#define STORE32(p, v) (*(u32 *) (p) = __builtin_bswap32((u32) (v)))
#define STORE64(p, v) (*(u64 *) (p) = __builtin_bswap64((u64) (v)))

/* Copies a number of bytes that is a constant, eight at a time. */
INLINE void copy(void *to, const void *from, const u32 bytes)
{
	u32 at = 0;
#pragma unroll
	for (; at + 8 <= bytes; at += 8)
		*(u64 *) (to + at) = *(const u64 *) (from + at);
	if (bytes & 4) {
		*(u32 *) (to + at) = *(const u32 *) (from + at);
		at += 4;
	}
	if (bytes & 2) {
		*(u16 *) (to + at) = *(const u16 *) (from + at);
		at += 2;
	}
	if (bytes & 1)
		*(u8 *) (to + at) = *(const u8 *) (from + at);
}

/* Sets words that stand at an address of eight bytes to zero; the number is a constant. */
INLINE void clear(void *at, const u32 words)
{
#pragma unroll
	for (u32 i = 0; i < words; i++)
		((u64 *) at)[i] = 0;
}

/* P4-16 section 8.6: shifts by the width or more give zero, or the sign. */
INLINE u64 shift_left(u64 value, u64 by, u64 mask)
{
	return by < 64 ? value << by & mask : 0;
}

INLINE u64 shift_right(u64 value, u64 by)
{
	return by < 64 ? value >> by : 0;
}

INLINE s64 sign_extend(u64 value, u32 width)
{
	return (s64) (value << (64 - width)) >> (64 - width);
}

INLINE u64 shift_right_signed(u64 value, u64 by, u32 width)
{
	return (u64) (sign_extend(value, width) >> (by < 63 ? by : 63)) & MASK(width);
}

/* P4-16 section 8.6: `|+|` and `|-|`. */
INLINE u64 saturating_add(u64 a, u64 b, u32 width)
{
	u64 sum = a + b;
	return sum < a || sum > MASK(width) ? MASK(width) : sum;
}

INLINE u64 saturating_sub(u64 a, u64 b)
{
	return a < b ? 0 : a - b;
}

INLINE u64 saturating_signed(u64 a, u64 b, u32 width, int minus)
{
	s64 x = sign_extend(a, width), y = sign_extend(b, width);
	u64 result = minus ? (u64) x - (u64) y : (u64) x + (u64) y;
	s64 high = (s64) (MASK(width) >> 1);
	/* Both operands have one sign and the result the other: beyond 64 bits. */
	int beyond = minus ? ((x ^ y) & (x ^ (s64) result)) < 0 : (~(x ^ y) & (x ^ (s64) result)) < 0;
	if (beyond)
		return x < 0 ? ~(u64) high & MASK(width) : (u64) high;
	if ((s64) result > high)
		return (u64) high;
	if ((s64) result < -high - 1)
		return ~(u64) high & MASK(width);
	return result & MASK(width);
}

/* The upper half of a product of 128 bits. */
INLINE u64 multiply_high(u64 a, u64 b)
{
	u64 al = (u32) a, ah = a >> 32, bl = (u32) b, bh = b >> 32;
	u64 low = al * bl, cross = ah * bl + (low >> 32), other = al * bh + (u32) cross;
	return ah * bh + (cross >> 32) + (other >> 32);
}

/* One word of digest64 (docs/PIPELINE.md). */
INLINE u64 digest64_word(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0xFF51AFD7ED558CCDULL;
	return hash ^ hash >> 32;
}

INLINE u64 digest64_end(u64 hash)
{
	hash *= 0xC4CEB9FE1A85EC53ULL;
	return hash ^ hash >> 29;
}

/* RFC 1071: the sum of the 16-bit words of a word of 64 bits. */
INLINE u64 sum16(u64 word)
{
	return (word >> 32) + (u32) word;
}

INLINE u64 fold16(u64 sum)
{
#pragma unroll
	for (int i = 0; i < 6; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Reflected CRCs of a word's first bytes, bit by bit; the number of bytes is a constant. */
INLINE u64 crc(u64 sum, u64 word, const u32 bytes, const u64 polynomial)
{
	for (u32 i = 0; i < bytes; i++) {
		sum ^= word >> (56 - 8 * i) & 0xff;
#pragma unroll
		for (int bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ polynomial : sum >> 1;
	}
	return sum;
}

#endif
