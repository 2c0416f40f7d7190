/*
 * At the far end of a capture's pair of devices: hands a copy, with what the broker's program says of it in front, to the socket of the queue that it is in. What comes without that came by no tap.
 */
#include "sluice_bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} sockets SEC(".maps");

/* Copies that were handed to no socket. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} dropped SEC(".maps");

INLINE int drop(void)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&dropped, &zero);
	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_DROP;
}

/* What stands in front of a copy (`programs.c`). */
struct told { u32 magic; u16 port, instance; u64 time_ns; u32 length, unused; };

#define TOLD 0x746f6c64
#define NO_PORT 0xffff

SEC("xdp.frags")
int sluice_capture(struct xdp_md *ctx)
{
	struct told *told = (struct told *) (long) ctx->data_meta;
	if ((void *) (told + 1) > (void *) (long) ctx->data) {
		u32 length = (u32) bpf_xdp_get_buff_len(ctx);
		if (bpf_xdp_adjust_meta(ctx, -(int) sizeof(struct told)))
			return drop();
		told = (struct told *) (long) ctx->data_meta;
		if ((void *) (told + 1) > (void *) (long) ctx->data)
			return drop();
		told->magic = TOLD;
		told->port = NO_PORT;
		told->instance = 0;
		told->time_ns = bpf_ktime_get_tai_ns();
		told->length = length;
	}
	if (told->magic != TOLD)
		return drop();
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_DROP) == XDP_REDIRECT ? XDP_REDIRECT : drop();
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
