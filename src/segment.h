/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments of GSO packets, written out one by one.
 */
#ifndef FMP_SEGMENT_H
#define FMP_SEGMENT_H

#include <linux/types.h>

struct sk_buff;

/**
 * struct fmp_segments - how a packet is segmented
 * @skb: the packet
 * @n: into how many, at least 2
 * @ip_len: length of the IP header
 * @header_len: of all headers, which each segment has
 * @size: bytes of payload of each segment, but for the last one
 * @payload_len: of all of them
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @fixed_id: all have the same IPv4 identification
 */
struct fmp_segments {
	const struct sk_buff *skb;
	unsigned int n;
	unsigned int ip_len;
	unsigned int header_len;
	unsigned int size;
	unsigned int payload_len;
	u8 protocol;
	bool fixed_id;
};

static inline unsigned int fmp_segment_len(const struct fmp_segments *segments,
					   unsigned int i)
{
	return segments->header_len +
	       min(segments->size,
		   segments->payload_len - i * segments->size);
}

bool fmp_segments_read(struct fmp_segments *segments, struct sk_buff *skb);
void fmp_segment_write(const struct fmp_segments *segments, unsigned int i,
		       u8 *to);

#endif /* FMP_SEGMENT_H */
