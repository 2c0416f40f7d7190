/* How a packet or a copy ended before its time. */
#define ENDED_LOOP_LIMIT 1
#define ENDED_ASSERTION 2
#define ENDED_UNALIGNED 3
#define ENDED_TOO_LONG 4

#define NO_REFERENCE (~0ULL)

/* Frames are looked at up to here. */
#define MAX_OFFSET 0x3fff

/* A frame as it came in. */
struct input {
	u64 time_ns;
	u32 port, length, wire_length, bad_frame;
};

/* A copy on its way out. */
struct copy {
	u32 port, instance, type;
};

struct counts { u64 packets, bytes; };

/* RFC 2698, color-blind; tokens are counted in billionths. */
struct meter {
	struct bpf_spin_lock lock;
	u32 has_rates;
	u64 cir, cburst, pir, pburst;
	u64 is_full, time_ns, committed, peak;
	struct counts green, yellow, red;
};

