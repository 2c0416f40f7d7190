/* The ports' devices; the key is the port. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 512);
	__uint(key_size, 4);
	__uint(value_size, 8);
} devices SEC(".maps");

/* The ports' numbers; the key is the device. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 512);
	__type(key, u32);
	__type(value, u32);
} ports SEC(".maps");

/* The same for devices of small numbers. */
#define NEAR_DEVICES 4096

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NEAR_DEVICES);
	__type(key, u32);
	__type(value, u32);
} near_ports SEC(".maps");

/* Beside the number: the port is down; some group has members without a device; there is such a port; who receives its copies is told of them, and there is such a port. */
#define PORT_DOWN 0x10000
#define SOME_ABSENT 0x20000
#define PORT_KNOWN 0x40000
#define PORT_TOLD 0x80000
#define SOME_TOLD 0x100000

/* A device's port and what is beside it; 0 if it is none. */
INLINE u32 port_of_device(u32 device)
{
	u32 *found = device < NEAR_DEVICES ? bpf_map_lookup_elem(&near_ports, &device) : bpf_map_lookup_elem(&ports, &device);
	return found ? *found : 0;
}

/* Groups' numbers are below this. */
#define GROUPS 65536
#define MAX_MEMBERS 64

/* Members of multicast groups. */
struct members {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, MAX_MEMBERS);
	__uint(key_size, 4);
	__uint(value_size, 8);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, GROUPS);
	__type(key, u32);
	__array(values, struct members);
} groups SEC(".maps");

/* Instances of a group's members. */
struct member { u32 group, port; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct member);
	__type(value, u32);
} instances SEC(".maps");

/* Members of a group, with a bit for those whose port is down. */
#define REPLICA_DOWN 0x8000

struct replicas {
	u32 count;
	struct { u16 port, instance; } each[MAX_MEMBERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GROUPS);
	__type(key, u32);
	__type(value, struct replicas);
} replicas SEC(".maps");

/* Members that have no device. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GROUPS);
	__type(key, u32);
	__type(value, struct replicas);
} absents SEC(".maps");

/* How far the kernel's TAI is ahead of UTC, nanoseconds. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} tai_ahead SEC(".maps");

/* Nanoseconds since the UNIX epoch, UTC. */
INLINE u64 now(void)
{
	u32 zero = 0;
	u64 *ahead = bpf_map_lookup_elem(&tai_ahead, &zero);
	return bpf_ktime_get_tai_ns() - (ahead ? *ahead : 0);
}

/* What becomes of frames at each port; frames of no port are at NO_PORT. */
#define CELL_RECEIVED 0
#define CELL_SENT 1
#define DROP_NO_PORT 2
#define DROP_INGRESS 3
#define DROP_UNKNOWN_GROUP 4
#define DROP_ENDED 5
#define DROP_EGRESS 6
#define DROP_NO_INSTANCE 7
#define DROP_FRAME 8
#define DROP_STATE 9
#define DROP_PORT_DOWN 10
#define PORT_CELLS 16
#define PORTS 512
#define NO_PORT 511

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PORTS * PORT_CELLS);
	__type(key, u32);
	__type(value, struct counts);
} port_cells SEC(".maps");

/* Copies that did not leave since their port is down; the key is instance and port. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct member);
	__type(value, struct counts);
} lost SEC(".maps");

INLINE void count_at(u32 port, u32 cell, u64 bytes)
{
	count(&port_cells, (port & (PORTS - 1)) * PORT_CELLS + cell, bytes);
}

INLINE int drop(u32 port, u32 reason, u64 bytes)
{
	count_at(port, reason, bytes);
	return XDP_DROP;
}

/* A copy for a port that is down or has no device. */
ONCE int lose(u32 port, u32 instance, u32 bytes)
{
	struct member key = { instance, port };
	struct counts *cell = bpf_map_lookup_elem(&lost, &key);
	if (!cell) {
		struct counts none = { 0, 0 };
		bpf_map_update_elem(&lost, &key, &none, BPF_NOEXIST);
		cell = bpf_map_lookup_elem(&lost, &key);
	}
	if (cell) {
		cell->packets++;
		cell->bytes += bytes;
	}
	return drop(port, DROP_PORT_DOWN, bytes);
}

ONCE int lose_absent(u32 group, u32 bytes)
{
	struct replicas *absent = bpf_map_lookup_elem(&absents, &group);
	if (!absent)
		return 0;
	for (u32 i = 0; i < MAX_MEMBERS; i++) {
		if (i >= absent->count)
			break;
		lose(absent->each[i].port, absent->each[i].instance, bytes);
	}
	return 0;
}

INLINE const struct config *configuration(void)
{
	u32 zero = 0;
	void *maps = bpf_map_lookup_elem(&configurations, &zero);
	return maps ? bpf_map_lookup_elem(maps, &zero) : 0;
}

/* The state that the next packet of this processor uses, and its number: the first one where no copy needs it any more when ingress has done. */
INLINE struct state *next_state(u32 *number)
{
	*number = 0;
#if !SENDS_AS_IS
	u32 *turn = bpf_map_lookup_elem(&turns_of_states, number);
	if (!turn)
		return 0;
	*number = *turn % STATES;
#endif
	return bpf_map_lookup_elem(&states, number);
}

/* The state is in use until the copies are sent. */
INLINE void keep_state(u32 number)
{
	u32 zero = 0;
	u32 *turn = bpf_map_lookup_elem(&turns_of_states, &zero);
	if (turn)
		*turn = number + 1;
}

/* A packet from the port to what ingress decides. */
INLINE int enter(struct xdp_md *ctx, struct state *st, const struct config *cfg, const struct input *in)
{
	if (!cfg)
		return -1;
	begin(st, in);
	parse(ctx, st, cfg);
	if (st->ended)
		return -1;
	verify(ctx, st, cfg);
	ingress(ctx, st, cfg);
	return st->ended ? -1 : 0;
}

/* Writes a value over bytes of the frame, 64 at a time. */
struct range {
	struct xdp_md *ctx;
	u32 from, to;
	u64 bytes[8];
};

static long overwrite_part(u64 turn, struct range *range)
{
	u32 left = range->to - range->from;
	if (range->from >= range->to)
		return 1;
	if (left > 64)
		left = 64;
	OPAQUE(left);
	if (left == 0 || left > 64)
		return 1;
	bpf_xdp_store_bytes(range->ctx, range->from, range->bytes, left);
	range->from += left;
	return 0;
}

ONCE int overwrite(struct xdp_md *ctx, u32 from, u32 to, u64 value)
{
	struct range range = { ctx, from, to };
#pragma unroll
	for (u32 i = 0; i < 8; i++)
		range.bytes[i] = (value & 0xff) * 0x0101010101010101ULL;
	bpf_loop(256, overwrite_part, &range, 0);
	return 0;
}

/* What the program asked to be done with the frame, in the order of sluice.p4. */
INLINE int finish(struct xdp_md *ctx, struct state *st, struct work *eg, const u32 least)
{
	u32 length = eg->len, trailer = eg->trailer_bytes;
	u32 missing = st->wire_length > st->len ? st->wire_length - st->len : 0;
	eg->whole = length + missing;
	if (eg->trim < eg->whole)
		eg->whole = eg->trim;
	eg->whole += trailer;
#if HAS_OVERWRITES
	for (u32 i = 0; i < MAX_FRAME_EDITS; i++) {
		if (i >= eg->overwrites)
			break;
		u64 from = eg->overwrite[i].offset, to = from + eg->overwrite[i].length;
		if (to > length || to < from)
			to = length;
		if (from < to && overwrite(ctx, from, to, eg->overwrite[i].value))
			return -1;
	}
#endif
	if (eg->trim < length)
		length = eg->trim;
	if (eg->truncate < length)
		length = eg->truncate;
#if HAS_CHECKSUMS
	for (u32 i = 0; i < MAX_FRAME_EDITS; i++) {
		if (i >= eg->checksums)
			break;
		if (fix_checksums(ctx, &eg->summing, eg->fix[i], length))
			return -1;
	}
#endif
	eg->len = length + trailer;
	u32 there = (u32) ctx->data_end - (u32) ctx->data;
	int more = (int) (eg->len < least ? least : eg->len) - (int) there;
	if (more && bpf_xdp_adjust_tail(ctx, more))
		return -1;
	OPAQUE(trailer);
	if (trailer == 0)
		return 0;
	if (trailer > sizeof(eg->trailer))
		return -1;
	return bpf_xdp_store_bytes(ctx, length, eg->trailer, trailer) ? -1 : 0;
}

/* A copy from the replication engine to its port: 0 if it is to be sent. The frame stays `least` bytes long, whatever is left of it. */
INLINE int leave(struct xdp_md *ctx, struct state *st, struct work *eg, const struct copy *copy_of, const u32 least)
{
	const struct config *cfg = configuration();
	if (!cfg)
		return DROP_STATE;
	begin_copy(st, eg, copy_of);
	egress(ctx, st, eg, cfg);
	if (eg->ended)
		return DROP_ENDED;
	if (is_dropped(eg))
		return DROP_EGRESS;
	compute(ctx, st, eg, cfg);
	if ((!KEEPS_ORDER || eg->changed) && deparse(ctx, st, eg, cfg))
		return DROP_FRAME;
	return finish(ctx, st, eg, least) ? DROP_FRAME : 0;
}

/* No device sends less than an Ethernet header; test runs fill frames up. */
#define LEAST_FRAME 14
#define LEAST_TEST_FRAME 64

/* What goes in front of a frame from ingress to egress. */
struct tag { u32 state, group; u64 time_ns; u32 port, unused; };

/* What goes in front of a copy to who receives it, where that is told: when and where its packet came in, and its length uncut. */
struct told { u32 magic; u16 port, instance; u64 time_ns; u32 length, unused; };

#define TOLD 0x746f6c64

/* Both have one place. */
_Static_assert(sizeof(struct tag) == sizeof(struct told), "");

INLINE int tell(struct xdp_md *ctx, u32 port, u32 instance, u64 time_ns, u32 length)
{
	struct told *told = (struct told *) (long) ctx->data_meta;
	if ((void *) (told + 1) > (void *) (long) ctx->data)
		return -1;
	told->magic = TOLD;
	told->port = port;
	told->instance = instance;
	told->time_ns = time_ns;
	told->length = length;
	told->unused = 0;
	return 0;
}

#if SENDS_AS_IS
/* What egress does for a copy. Nothing is left to be done when it leaves. */
INLINE void note_copy(struct xdp_md *ctx, struct state *st, struct work *eg, const struct config *cfg, const struct copy *copy_of)
{
	begin_copy(st, eg, copy_of);
	egress(ctx, st, eg, cfg);
	count_at(copy_of->port, CELL_SENT, st->len);
}

/* Redirects a packet as it came. */
INLINE int send(struct xdp_md *ctx, struct state *st, const struct config *cfg, u32 flags, u32 port, u32 group, u32 to)
{
	u32 zero = 0, length = st->len;
	struct work *eg = bpf_map_lookup_elem(&works, &zero);
	if (!cfg || !eg)
		return drop(port, DROP_STATE, length);
	if (!group) {
		struct copy copy_of = { to, 0, 0 };
		if (to == 511)
			return drop(port, DROP_INGRESS, length);
		if (bpf_redirect_map(&devices, to, XDP_DROP) != XDP_REDIRECT)
			return lose(to, 0, length);
		note_copy(ctx, st, eg, cfg, &copy_of);
		return XDP_REDIRECT;
	}
	if (flags & SOME_ABSENT)
		lose_absent(group, length);
	void *members = bpf_map_lookup_elem(&groups, &group);
	const struct replicas *copies = bpf_map_lookup_elem(&replicas, &group);
	if (!members || !copies)
		return drop(port, DROP_UNKNOWN_GROUP, length);
	u32 count = copies->count;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < MAX_MEMBERS; i++) {
		if (i >= count)
			break;
		struct copy copy_of = { copies->each[i].port, copies->each[i].instance, 5 };
		if (copy_of.port & REPLICA_DOWN)
			lose(copy_of.port & ~REPLICA_DOWN, copy_of.instance, length);
		else
			note_copy(ctx, st, eg, cfg, &copy_of);
	}
	return bpf_redirect_map(members, 0, BPF_F_BROADCAST);
}
#else
/* Redirects a packet to egress, which finds its state by what stands in front of it. */
INLINE int send(struct xdp_md *ctx, struct state *st, u32 number, u64 time_ns, u32 flags, u32 port, u32 group, u32 to)
{
	u32 length = st->len;
	struct tag *tag = (struct tag *) (long) ctx->data_meta;
	if ((void *) (tag + 1) > (void *) (long) ctx->data)
		return drop(port, DROP_STATE, length);
	tag->state = number;
	tag->group = group;
	tag->time_ns = time_ns;
	tag->port = port;
	if (group) {
		if (flags & SOME_ABSENT)
			lose_absent(group, length);
		void *members = bpf_map_lookup_elem(&groups, &group);
		if (!members)
			return drop(port, DROP_UNKNOWN_GROUP, length);
		keep_state(number);
		return bpf_redirect_map(members, 0, BPF_F_BROADCAST);
	}
	if (to == 511)
		return drop(port, DROP_INGRESS, length);
	keep_state(number);
	/* A port that has no device is not in the map. */
	return bpf_redirect_map(&devices, to, XDP_DROP) == XDP_REDIRECT ? XDP_REDIRECT : lose(to, 0, length);
}
#endif

SEC("xdp")
int sluice_ingress(struct xdp_md *ctx)
{
	u32 number, flags = port_of_device(ctx->ingress_ifindex), port = flags & 0xffff;
	u32 length = (u32) ctx->data_end - (u32) ctx->data;
	if (!flags)
		return drop(NO_PORT, DROP_NO_PORT, length);
	count_at(port, CELL_RECEIVED, length);
	struct state *st = next_state(&number);
	u32 tells = flags & SOME_TOLD;
	if (!st || ((!SENDS_AS_IS || tells) && bpf_xdp_adjust_meta(ctx, -(int) sizeof(struct tag))))
		return drop(port, DROP_STATE, length);
	struct input in = { NEEDS_TIME || tells ? now() : 0, port, length, length, 0 };
#if SENDS_AS_IS
	/* All copies have it, whoever receives them. */
	if (tells && tell(ctx, port, 0, in.time_ns, length))
		return drop(port, DROP_STATE, length);
#endif
	const struct config *cfg = configuration();
	if (enter(ctx, st, cfg, &in))
		return drop(port, DROP_ENDED, length);
#if SENDS_AS_IS
	return send(ctx, st, cfg, flags, port, group_of(st), port_of(st));
#else
	return send(ctx, st, number, in.time_ns, flags, port, group_of(st), port_of(st));
#endif
}

SEC("xdp/devmap")
int sluice_egress(struct xdp_md *ctx)
{
	u32 zero = 0, known = port_of_device(ctx->egress_ifindex);
	struct tag *tag = (struct tag *) (long) ctx->data_meta;
	u32 flags = known ? known : NO_PORT, port = flags & 0xffff;
	if ((void *) (tag + 1) > (void *) (long) ctx->data)
		return drop(port, DROP_STATE, 0);
	u32 number = tag->state, group = tag->group, from = tag->port, is_told = flags & PORT_TOLD;
	u64 time_ns = tag->time_ns;
	struct state *st = bpf_map_lookup_elem(&states, &number);
	struct work *eg = bpf_map_lookup_elem(&works, &zero);
	if (!st || !eg || !known || (!is_told && bpf_xdp_adjust_meta(ctx, sizeof(struct tag))))
		return drop(port, DROP_STATE, 0);
	struct copy copy_of = { port, 0, group ? 5 : 0 };
	if (group) {
		struct member member = { group, port };
		u32 *instance = bpf_map_lookup_elem(&instances, &member);
		if (!instance)
			return drop(port, DROP_NO_INSTANCE, st->wire_length);
		copy_of.instance = *instance;
	}
	if (flags & PORT_DOWN)
		return lose(port, copy_of.instance, st->wire_length);
	int reason = leave(ctx, st, eg, &copy_of, LEAST_FRAME);
	if (!reason && eg->len < LEAST_FRAME)
		reason = DROP_FRAME;
	if (!reason && is_told && tell(ctx, from, copy_of.instance, time_ns, eg->whole))
		reason = DROP_STATE;
	if (reason)
		return drop(port, reason, st->wire_length);
	count_at(port, CELL_SENT, eg->len);
	return XDP_PASS;
}

/* In front of a frame for `sluice_ingress_test`: what comes in, and what was decided. */
struct test_packet {
	u64 time_ns;
	u32 length, wire_length;
	u16 port, bad_frame;
	u16 ended, state;
	u16 group, to;
	u32 unused;
};

SEC("xdp")
int sluice_ingress_test(struct xdp_md *ctx)
{
	u32 number;
	struct test_packet *packet = (struct test_packet *) (long) ctx->data_meta;
	if ((void *) (packet + 1) > (void *) (long) ctx->data)
		return XDP_ABORTED;
	struct input in = { packet->time_ns, packet->port, packet->length, packet->wire_length, packet->bad_frame };
	struct state *st = next_state(&number);
	if (!st)
		return XDP_ABORTED;
	int ended = enter(ctx, st, configuration(), &in);
	packet = (struct test_packet *) (long) ctx->data_meta;
	if ((void *) (packet + 1) > (void *) (long) ctx->data)
		return XDP_ABORTED;
	packet->ended = ended ? 1 + st->ended : 0;
	packet->state = number;
	packet->group = group_of(st);
	packet->to = port_of(st);
	keep_state(number);
	return XDP_PASS;
}

/* In front of a frame for `sluice_egress_test`: which copy, then what came of it. */
struct test_copy { u32 state, port, instance, type; };

struct test_result { u32 reason, length, whole, unused; };

SEC("xdp")
int sluice_egress_test(struct xdp_md *ctx)
{
	u32 zero = 0;
	struct test_copy *test = (struct test_copy *) (long) ctx->data_meta;
	if ((void *) (test + 1) > (void *) (long) ctx->data)
		return XDP_ABORTED;
	struct copy copy_of = { test->port, test->instance, test->type };
	u32 number = test->state;
	struct state *st = bpf_map_lookup_elem(&states, &number);
	struct work *eg = bpf_map_lookup_elem(&works, &zero);
	if (!st || !eg)
		return XDP_ABORTED;
	/* A test's frame may be shorter than the least that the kernel has: it says its length beside it. */
	int reason = leave(ctx, st, eg, &copy_of, LEAST_TEST_FRAME);
	struct test_result *result = (struct test_result *) (long) ctx->data_meta;
	if ((void *) (result + 1) > (void *) (long) ctx->data)
		return XDP_ABORTED;
	result->reason = reason;
	result->length = eg->len;
	result->whole = eg->whole;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
