struct intervals { u64 first_step; u32 starts[MAX_INTERVALS]; u64 references[MAX_INTERVALS]; };

/*
 * The reference of the last interval that begins at the key or before it. A branch that goes either way would cost more than the rest of a turn: the
 * comparison is the sign of a difference. The verifier sees the step become 0, so that there are no more turns than bits.
 */
INLINE u64 in_intervals(const struct intervals *in, u64 key)
{
	u64 at = 0;
	#pragma clang loop unroll(disable)
	for (u64 step = in->first_step & (MAX_INTERVALS - 1); step; step >>= 1) {
		s64 below = (u64) in->starts[(at + step - 1) & (MAX_INTERVALS - 1)] - key - 1;
		OPAQUE(below);
		at += step & (u64) (below >> 63);
	}
	return in->references[at & (MAX_INTERVALS - 1)];
}
