struct buffer { u8 bytes[2 * MAX_HEADER_BYTES + 2560]; };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct buffer);
} buffers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STATES);
	__type(key, u32);
	__type(value, struct state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct work);
} works SEC(".maps");

/* The number of the state that a processor uses next. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} turns_of_states SEC(".maps");

/* Bytes of the frame from `off` on, a constant number; none where the frame has not so many. */
INLINE const u8 *window(struct xdp_md *ctx, struct state *st, u32 off, const u32 bytes)
{
	const u8 *data = (const u8 *) (long) ctx->data, *end = (const u8 *) (long) ctx->data_end;
	if (off + bytes > st->len || off > MAX_OFFSET)
		return 0;
	off &= MAX_OFFSET;
	OPAQUE(off);
	const u8 *at = data + off;
	return at + bytes > end ? 0 : at;
}

/* Takes a header with a varbit field: the fixed fields in front of it, the varbit, those behind it. */
INLINE int take_varbit(struct xdp_md *ctx, u32 off, u8 *to, const u32 offset, const u32 behind, const u32 fixed,
		       u32 length, const u32 most)
{
	/* Zeros behind its end: equal varbits have equal bytes. */
	for (u32 i = fixed; i < fixed + most; i++)
		to[i] = 0;
	if (offset && bpf_xdp_load_bytes(ctx, off, to, offset))
		return 0;
	if (length > most)
		return 0;
	if (length && bpf_xdp_load_bytes(ctx, off + offset, to + fixed, length))
		return 0;
	if (behind && bpf_xdp_load_bytes(ctx, off + offset + length, to + offset, behind))
		return 0;
	return 1;
}

/* Writes such a header; whatever stands behind its end is written over by what follows. */
INLINE void put_varbit(struct buffer *out, u32 at, const u8 *from, const u32 offset, const u32 behind, const u32 fixed,
		       u32 length, const u32 most)
{
	at &= 2 * MAX_HEADER_BYTES - 1;
	copy(&out->bytes[at], from, offset);
	copy(&out->bytes[at + offset], from + fixed, most);
	at += offset + (length & 511);
	at &= 2 * MAX_HEADER_BYTES - 1;
	copy(&out->bytes[at], from + offset, behind);
}

INLINE void count(void *map, u64 index, u64 bytes)
{
	u32 at = index;
	struct counts *cell = bpf_map_lookup_elem(map, &at);
	if (cell) {
		cell->packets++;
		cell->bytes += bytes;
	}
}

INLINE u64 tokens(u64 units)
{
	return units * 1000000000ULL;
}

/* What a bucket holds after some time: no more than it may. */
INLINE u64 filled(u64 held, u64 passed_ns, u64 rate, u64 most)
{
	u64 room = most - held;
	if (rate == 0 || room == 0)
		return held;
	return passed_ns > room / rate ? most : held + passed_ns * rate;
}

/* Runs a meter's cell: 0 green, 1 yellow, 2 red. */
INLINE u64 meter(void *map, u64 index, u64 size, u64 time_ns, u64 units, u64 bytes)
{
	u32 at = index;
	struct meter *m = index < size ? bpf_map_lookup_elem(map, &at) : 0;
	u64 color = 0;
	if (!m)
		return 0;
	bpf_spin_lock(&m->lock);
	if (m->has_rates) {
		if (!m->is_full) {
			m->is_full = 1;
			m->time_ns = time_ns;
			m->committed = tokens(m->cburst);
			m->peak = tokens(m->pburst);
		}
		if (time_ns > m->time_ns) {
			u64 passed = time_ns - m->time_ns;
			m->committed = filled(m->committed, passed, m->cir, tokens(m->cburst));
			m->peak = filled(m->peak, passed, m->pir, tokens(m->pburst));
			m->time_ns = time_ns;
		}
		u64 needed = tokens(units);
		if (m->peak < needed) {
			color = 2;
			m->red.packets++;
			m->red.bytes += bytes;
		} else {
			m->peak -= needed;
			if (m->committed < needed) {
				color = 1;
				m->yellow.packets++;
				m->yellow.bytes += bytes;
			} else {
				m->committed -= needed;
				m->green.packets++;
				m->green.bytes += bytes;
			}
		}
	}
	bpf_spin_unlock(&m->lock);
	return color;
}

/* A number from `low` to `high`, both included; `low` where they are in the wrong order. */
INLINE u64 random_between(u64 low, u64 high)
{
	u64 random = (u64) bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
	u64 span = high > low ? high - low + 1 : 1;
	return span == 0 ? random : low + multiply_high(random, span);
}

INLINE void note_overwrite(struct work *eg, u64 offset, u64 length, u64 value)
{
	u32 at = eg->overwrites;
	OPAQUE(at);
	if (at < MAX_FRAME_EDITS) {
		eg->overwrite[at].offset = offset;
		eg->overwrite[at].length = length;
		eg->overwrite[at].value = value;
		eg->overwrites = at + 1;
	}
}

INLINE void note_checksums(struct work *eg, u64 offset)
{
	u32 at = eg->checksums;
	OPAQUE(at);
	if (at < MAX_FRAME_EDITS) {
		eg->fix[at] = offset;
		eg->checksums = at + 1;
	}
}

/* Puts the deparsed headers in the place of those that were parsed. */
INLINE int put_headers(struct xdp_md *ctx, struct state *st, struct work *eg, struct buffer *out)
{
	u32 length = eg->out;
	if (eg->ended)
		return -1;
	int more = (int) st->off - (int) length;
	if (more && bpf_xdp_adjust_head(ctx, more))
		return -1;
	eg->len -= more;
	OPAQUE(length);
	if (length == 0)
		return 0;
	if (length > 2 * MAX_HEADER_BYTES)
		return -1;
	return bpf_xdp_store_bytes(ctx, 0, out->bytes, length) ? -1 : 0;
}

/* Bytes of the frame from `off` on, a constant number. */
INLINE void *frame_at(struct xdp_md *ctx, u32 off, const u32 bytes)
{
	if (off > MAX_OFFSET)
		return 0;
	off &= MAX_OFFSET;
	OPAQUE(off);
	void *at = (void *) (long) ctx->data + off;
	return at + bytes > (void *) (long) ctx->data_end ? 0 : at;
}

/* RFC 1071: the sum of the 16-bit words of bytes of the frame, zero filling the last one. The kernel sums in the machine's order: its
 * bytes are the right sum's, the other way round. Where it is stands in memory, so that the verifier knows no history of it. */
ONCE u64 frame_sum(struct xdp_md *ctx, struct summing *sums, u32 from, u32 to)
{
	volatile struct summing *s = sums;
	u32 last = 0;
	if (!s)
		return 0;
	s->at = from;
	s->to = to;
	s->sum = 0;
	for (u32 i = 0; i < 32; i++) {
		void *at = s->at + 512 <= s->to ? frame_at(ctx, s->at, 512) : 0;
		if (!at)
			break;
		s->sum = bpf_csum_diff(0, 0, at, 512, s->sum);
		s->at += 512;
	}
#pragma unroll
	for (u32 bytes = 256; bytes >= 4; bytes /= 2) {
		void *at = s->at + bytes <= s->to ? frame_at(ctx, s->at, bytes) : 0;
		if (at) {
			s->sum = bpf_csum_diff(0, 0, at, bytes, s->sum);
			s->at += bytes;
		}
	}
#pragma unroll
	for (u32 i = 0; i < 3; i++) {
		u8 *at = s->at < s->to ? frame_at(ctx, s->at, 1) : 0;
		if (at)
			last |= (u32) *at << 8 * i;
		s->at += 1;
	}
	return __builtin_bswap16((u16) fold16((u64) s->sum + last));
}

INLINE u32 load16_at(struct xdp_md *ctx, u32 at)
{
	u16 value = 0;
	bpf_xdp_load_bytes(ctx, at, &value, 2);
	return __builtin_bswap16(value);
}

INLINE u32 load8_at(struct xdp_md *ctx, u32 at)
{
	u8 value = 0;
	bpf_xdp_load_bytes(ctx, at, &value, 1);
	return value;
}

INLINE void store16_at(struct xdp_md *ctx, u32 at, u32 value)
{
	u16 bytes = __builtin_bswap16((u16) value);
	bpf_xdp_store_bytes(ctx, at, &bytes, 2);
}

/* The transport header of an IP packet from `at` to `end`; `s->pseudo` is the sum of the addresses. */
NOINLINE int fix_transport(struct xdp_md *ctx, struct summing *s, u32 at, u32 end, u32 protocol_and_flags)
{
	u32 protocol = protocol_and_flags & 0xff, is_ipv4 = protocol_and_flags & 0x100;
	u32 field, least, length = end - at;
	if (protocol == 6)
		field = 16, least = 20;
	else if (protocol == 17)
		field = 6, least = 8;
	else if (protocol == (is_ipv4 ? 1 : 58))
		field = 2, least = 4;
	else
		return 0;
	if (at > end || length < least)
		return 0;
	if (protocol == 17) {
		store16_at(ctx, at + 4, length);
		/* No checksum over IPv4 stays none. */
		if (is_ipv4 && load16_at(ctx, at + 6) == 0)
			return 0;
	}
	store16_at(ctx, at + field, 0);
	u64 sum = frame_sum(ctx, s, at, end);
	if (protocol != 1)
		sum += (u64) s->pseudo + length + protocol;
	u32 checksum = ~fold16(sum) & 0xffff;
	store16_at(ctx, at + field, protocol == 17 && checksum == 0 ? 0xffff : checksum);
	return 0;
}

NOINLINE int fix_ipv4(struct xdp_md *ctx, struct summing *s, u32 at, u32 end)
{
	u32 header = (load8_at(ctx, at) & 0xf) * 4, there = end - at;
	if (header < 20 || there < header)
		return 0;
	u32 stated = load16_at(ctx, at + 2), length = there;
	/* Padding behind the packet stays padding. */
	if (stated >= header && stated < there)
		length = stated;
	if (length > 65535)
		length = 65535;
	store16_at(ctx, at + 2, length);
	store16_at(ctx, at + 10, 0);
	store16_at(ctx, at + 10, ~fold16(frame_sum(ctx, s, at, at + header)));
	u32 fragment = load16_at(ctx, at + 6);
	if (fragment & 0x3fff)
		return 0;
	s->pseudo = frame_sum(ctx, s, at + 12, at + 20);
	return fix_transport(ctx, s, at + header, at + length, load8_at(ctx, at + 9) | 0x100);
}

NOINLINE int fix_ipv6(struct xdp_md *ctx, struct summing *s, u32 at, u32 end)
{
	if (end - at < 40)
		return 0;
	u32 length = load16_at(ctx, at + 4), next = load8_at(ctx, at + 6), header = at + 40;
	if (length > end - at - 40)
		length = end - at - 40;
	end = header + length;
	store16_at(ctx, at + 4, length);
	for (u32 i = 0; i < 32; i++) {
		u32 size;
		if (header + 1 >= end)
			break;
		if (next == 0 || next == 43 || next == 60)
			size = load8_at(ctx, header + 1) * 8 + 8;
		else if (next == 44)
			size = 8;
		else if (next == 51)
			size = load8_at(ctx, header + 1) * 4 + 8;
		else
			break;
		/* A fragment's checksum covers other packets' bytes. */
		if (next == 44 && header + 4 <= end && load16_at(ctx, header + 2) & 0xfff9)
			return 0;
		next = load8_at(ctx, header);
		header += size;
		if (header > end)
			return 0;
	}
	s->pseudo = frame_sum(ctx, s, at + 8, at + 40);
	return fix_transport(ctx, s, header, end, next);
}

/* Makes the IP packet that starts there consistent; the frame is `length` bytes long. */
ONCE int fix_checksums(struct xdp_md *ctx, struct summing *s, u64 offset, u32 length)
{
	if (!s)
		return 0;
	u32 at = offset;
	if (offset >= length)
		return 0;
	u32 version = load8_at(ctx, at) >> 4;
	if (version == 4)
		return fix_ipv4(ctx, s, at, length);
	if (version == 6)
		return fix_ipv6(ctx, s, at, length);
	return 0;
}

/* RFC 1071 over what was not parsed. */
INLINE u64 payload_sum(struct xdp_md *ctx, struct state *st)
{
	return frame_sum(ctx, &st->summing, st->off, st->len);
}

