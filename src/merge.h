/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Merging: packets of a batch that are segments of one stream become one.
 */
#ifndef FMP_MERGE_H
#define FMP_MERGE_H

#include <linux/align.h>
#include <linux/cache.h>
#include <linux/in6.h>
#include <linux/types.h>

#include "crypto.h"
#include "wire.h"

struct fmp_rooms;
struct page;
struct sk_buff;

/* IPv6 and all that TCP may have. */
#define FMP_MERGE_HEADER_MAX	(40U + 60U)
/* Of a frame, ahead of the payload. */
#define FMP_MERGE_AHEAD		(FMP_IP_HEADROOM + FMP_MERGE_HEADER_MAX)
/* What opening the first of a page reads and writes ahead of its payload. */
#define FMP_MERGE_LEAD		ALIGN(FMP_MERGE_AHEAD + FMP_OPEN_HEADROOM, \
				      L1_CACHE_BYTES)

/**
 * struct fmp_merge_source - where a packet came from that was admitted
 * @known: there was one
 * @protocol: of the packet
 * @address: IPv6, or IPv4 in its first word
 */
struct fmp_merge_source {
	bool known;
	__be16 protocol;
	struct in6_addr address;
};

/**
 * struct fmp_merge - packets of a batch that become one
 * @rooms: where to get pages
 * @left: how many may still come, set by who opens them
 * @misses: how often one did not belong to those before it
 * @source: what was admitted last
 * @plain_ports: of UDP that nobody wants to be merged, or 0
 * @skb: the first one, which others join, or NULL
 * @n: how many it is now
 * @closed: none may follow
 * @fixed_id: all have the same IPv4 identification
 * @ip_len: length of the IP header
 * @header_len: of all headers
 * @size: bytes of payload of each, but for the last one
 * @seq: TCP sequence number of the next one
 * @page: where payloads are written to, or NULL; with a reference as long as
 *        it is not @attached
 * @attached: @skb has the reference
 * @room: bytes of @page that were taken
 * @at: where the payload of the next one begins
 * @end: behind the last for which there is room
 * @taken: behind what was taken
 * @kept: what was ahead of @at before a frame was written there
 * @kept_len: how much that is
 */
struct fmp_merge {
	struct fmp_rooms __percpu *rooms;
	unsigned int left;
	unsigned int misses;
	struct fmp_merge_source source;
	__be32 plain_ports;
	struct sk_buff *skb;
	unsigned int n;
	bool closed;
	bool fixed_id;
	unsigned int ip_len;
	unsigned int header_len;
	unsigned int size;
	u32 seq;
	struct page *page;
	bool attached;
	unsigned int room;
	u8 *at;
	u8 *end;
	u8 *taken;
	unsigned int kept_len;
	u8 kept[FMP_MERGE_AHEAD];
};

void fmp_merge_init(struct fmp_merge *merge,
		    struct fmp_rooms __percpu *rooms);
bool fmp_merge_knows_source(const struct fmp_merge *merge,
			    const struct sk_buff *skb);
void fmp_merge_note_source(struct fmp_merge *merge, const struct sk_buff *skb);
bool fmp_merge_is_plain(const struct fmp_merge *merge,
			const struct sk_buff *skb);
bool fmp_merge_begin(struct fmp_merge *merge, struct sk_buff *skb);
u8 *fmp_merge_place(struct fmp_merge *merge, unsigned int inner_len);
bool fmp_merge_fits(const struct fmp_merge *merge, const u8 *inner,
		    unsigned int inner_len);
void fmp_merge_join(struct fmp_merge *merge, unsigned int inner_len);
void fmp_merge_refuse(struct fmp_merge *merge, bool authentic);
struct sk_buff *fmp_merge_end(struct fmp_merge *merge);

#endif /* FMP_MERGE_H */
