// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * fmp_trace_frame() - read the header of a datagram that may be any
 * @skb: received; its transport header is the UDP header
 * @index: receiver index, 0 without
 * @counter: counter, 0 without
 *
 * Context: Any.
 * Return: true if it has the header of an established frame.
 */
bool fmp_trace_frame(const struct sk_buff *skb, u32 *index, u64 *counter)
{
	const u8 *udp = skb_transport_header(skb);
	const struct fmp_hdr *hdr = (const void *)(udp + sizeof(struct udphdr));

	*index = 0;
	*counter = 0;
	if (skb_tail_pointer(skb) < (const u8 *)(hdr + 1) ||
	    hdr->version_phase != FMP_PHASE_ESTABLISHED)
		return false;
	*index = get_unaligned_le32(&hdr->receiver_idx);
	*counter = get_unaligned_le64(&hdr->counter);
	return true;
}

/**
 * fmp_trace_peer() - name a device and a peer
 * @device: result, IFNAMSIZ bytes
 * @node_addr: result, all zeroes for no peer
 * @fmp: device
 * @peer: peer, or NULL
 *
 * Context: Any.
 */
void fmp_trace_peer(char *device, u8 *node_addr, const struct fmp_dev *fmp,
		    const struct fmp_peer *peer)
{
	strscpy(device, fmp->dev->name, IFNAMSIZ);
	if (peer)
		fmp_peer_node_addr(peer, node_addr);
	else
		memset(node_addr, 0, FMP_NODE_ADDR_LEN);
}
