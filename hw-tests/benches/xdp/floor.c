#include <linux/bpf.h>
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __array(name, value) typeof(value) *name[]
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;
static long (*bpf_redirect)(unsigned device, unsigned long long flags) = (void *) 23;
static long (*bpf_redirect_map)(void *map, unsigned long long key, unsigned long long flags) = (void *) 51;

struct members {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 8);
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 16);
	__type(key, unsigned);
	__array(values, struct members);
} groups SEC(".maps");

/* What the generator is: frames of one flow, as they are given. */
SEC("xdp") int generate(struct xdp_md *ctx) { return bpf_redirect(TAP_END, 0); }

/*
 * The same of 10,000 flows, each frame another one: sources out of 172.16.0.0/16, ports 1,024 on to 1,000 to 1,049, a sequence number.
 * What is added to the address is taken from the identification, so that the checksum of the IPv4 header holds.
 */
static unsigned number;
SEC("xdp") int generate_flows(struct xdp_md *ctx)
{
	unsigned char *frame = (void *) (long) ctx->data;
	if (frame + 64 > (unsigned char *) (long) ctx->data_end)
		return XDP_DROP;
	unsigned flow = ++number % 10000, host = flow * 51 & 0xffff, id = ~host;
	*(unsigned short *) (frame + 18) = __builtin_bswap16(id);
	*(unsigned short *) (frame + 28) = __builtin_bswap16(host);
	*(unsigned short *) (frame + 34) = __builtin_bswap16(1024 + flow);
	*(unsigned short *) (frame + 36) = __builtin_bswap16(1000 + flow % 50);
	*(unsigned *) (frame + 38) = __builtin_bswap32(number);
	return bpf_redirect(TAP_END, 0);
}

/* A tap's program: to one device and nothing else. */
SEC("xdp") int bare(struct xdp_md *ctx) { return bpf_redirect(ONE, 0); }

/* A tap's program: to the members of a group. */
SEC("xdp") int forward(struct xdp_md *ctx)
{
	unsigned group = 1;
	void *members = bpf_map_lookup_elem(&groups, &group);
	return members ? bpf_redirect_map(members, 0, BPF_F_BROADCAST) : XDP_DROP;
}

/* A tap's program where the kernel's own network is to have the frames. */
SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp/devmap") int leave(struct xdp_md *ctx) { return XDP_PASS; }
char LICENSE[] SEC("license") = "Dual MIT/GPL";
