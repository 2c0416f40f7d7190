/*
 * At the far end of a capture's pair of devices: puts the time in front of a copy, and hands it to the socket of the queue that it is in.
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

SEC("xdp.frags")
int sluice_capture(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_meta(ctx, -(int) sizeof(u64)))
		return drop();
	u64 *time = (u64 *) (long) ctx->data_meta;
	if ((void *) (time + 1) > (void *) (long) ctx->data)
		return drop();
	*time = bpf_ktime_get_tai_ns();
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_DROP) == XDP_REDIRECT ? XDP_REDIRECT : drop();
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
