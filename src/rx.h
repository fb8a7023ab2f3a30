/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive path.
 */
#ifndef FMP_RX_H
#define FMP_RX_H

#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>

#include "stats.h"
#include "wire.h"

struct fmp_dev;
struct fmp_merge;
struct fmp_peer;
struct fmp_session;
struct sock;

/**
 * struct fmp_rx_frame - a frame that was opened
 * @outer: the packet it came in, network and transport header set; of the
 *         headers of all the packets where several came as one
 * @hdr: its header
 * @inner: what was in it, from the timestamp on
 * @len: its length
 */
struct fmp_rx_frame {
	const struct sk_buff *outer;
	const struct fmp_hdr *hdr;
	const u8 *inner;
	unsigned int len;
};

/* Of a datagram, from its UDP header on. */
static inline const struct fmp_hdr *fmp_rx_hdr(const struct sk_buff *skb)
{
	return (const struct fmp_hdr *)(skb->data + sizeof(struct udphdr));
}

static inline u64 fmp_rx_counter(const struct sk_buff *skb)
{
	return get_unaligned_le64(&fmp_rx_hdr(skb)->counter);
}

/* The link message of a frame that was opened, from its type byte on. */
static inline const u8 *fmp_rx_link(const struct sk_buff *skb)
{
	return skb->data + sizeof(struct udphdr) + FMP_HDR_LEN +
	       FMP_TIMESTAMP_LEN;
}

int fmp_rx_encap(struct sock *sk, struct sk_buff *skb);
bool fmp_rx_open(struct fmp_session *session, struct sk_buff *skb);
bool fmp_rx_opened(struct fmp_session *session, struct sk_buff *skb,
		   bool authentic, struct fmp_merge *merge);
bool fmp_rx_accept(struct fmp_session *session,
		   const struct fmp_rx_frame *frame);
void fmp_rx_drop_replay(struct fmp_session *session, struct sk_buff *skb);
void fmp_rx_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat);
void fmp_rx_drop_peer(struct fmp_peer *peer, struct sk_buff *skb,
		      enum fmp_stat stat, enum fmp_peer_stat peer_stat);
void fmp_rx_report(struct fmp_session *session, struct sk_buff *skb);
void fmp_rx_disconnect(struct fmp_session *session, struct sk_buff *skb);
void fmp_rx_link_message(struct fmp_peer *peer, struct sk_buff *skb);

#endif /* FMP_RX_H */
