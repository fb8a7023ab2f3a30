// SPDX-License-Identifier: GPL-2.0
/*
 * Sending link messages other than IP packets (spec 6).
 */
#include <linux/ip.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "counter.h"
#include "device.h"
#include "endpoint.h"
#include "mmp.h"
#include "peer.h"
#include "session.h"
#include "tx.h"
#include "wire.h"

/* An IPv4 packet has no room for what the protocol allows beyond this. */
#define FMP_TX_LINK_MAX	(IP_MAX_MTU - sizeof(struct iphdr) - \
			 sizeof(struct udphdr) - FMP_FRAME_MIN - \
			 FMP_TIMESTAMP_LEN)

static struct sk_buff *fmp_tx_link_alloc(const void *msg, size_t len,
					 gfp_t gfp)
{
	struct sk_buff *skb;

	skb = alloc_skb(FMP_TX_HEADROOM + len + FMP_TAG_LEN, gfp);
	if (!skb)
		return NULL;
	skb_reserve(skb, FMP_TX_HEADROOM);
	skb_put_data(skb, msg, len);
	return skb;
}

static void fmp_tx_link_seal(struct fmp_session *session, struct sk_buff *skb,
			     u64 counter, u8 flags)
{
	u32 timestamp = fmp_session_now_ms() - session->established;
	enum fmp_mmp_traffic traffic = fmp_mmp_traffic(*skb->data);
	unsigned int inner_len = skb->len + FMP_TIMESTAMP_LEN;

	put_unaligned_le32(timestamp, skb_push(skb, FMP_TIMESTAMP_LEN));
	skb_put(skb, FMP_TAG_LEN);
	fmp_hdr_write(skb_push(skb, FMP_HDR_LEN),
		      session->k_bit | READ_ONCE(session->sent.spin) | flags,
		      inner_len, session->remote.value, counter);
	fmp_mmp_sent(session, counter, timestamp, traffic);
	fmp_seal(skb->data, inner_len, counter, &session->send_key);
}

/* With the current session, which has to be @bound unless that is NULL. */
static int fmp_tx_link(struct fmp_peer *peer, const struct fmp_session *bound,
		       struct sk_buff *skb, u8 flags)
{
	struct fmp_endpoint *endpoint = rcu_dereference(peer->endpoint);
	struct fmp_session *session = rcu_dereference(peer->current_session);
	struct fmp_dev *fmp = peer->fmp;
	unsigned int frame_len;
	u64 counter;
	int err;

	if (!session || !endpoint)
		return -ENOTCONN;
	if (bound && session != bound)
		return -ESTALE;
	if (!fmp_counter_take(&session->send_counter, &counter))
		return -EKEYEXPIRED;
	fmp_tx_link_seal(session, skb, counter, flags);
	frame_len = skb->len;

	err = fmp_endpoint_send(fmp, endpoint, skb, 0);
	if (err)
		return err;
	fmp_stat_inc(fmp, FMP_TX_FRAMES);
	fmp_peer_stat_inc(peer, FMP_PEER_TX_PACKETS);
	fmp_peer_stat_add(peer, FMP_PEER_TX_BYTES, frame_len);
	return 0;
}

static int fmp_tx_link_make(struct fmp_peer *peer,
			    const struct fmp_session *bound, const void *msg,
			    size_t len, u8 flags, gfp_t gfp)
{
	struct sk_buff *skb;
	int err;

	skb = fmp_tx_link_alloc(msg, len, gfp);
	if (!skb)
		return -ENOMEM;

	rcu_read_lock();
	local_bh_disable();
	err = fmp_tx_link(peer, bound, skb, flags);
	local_bh_enable();
	rcu_read_unlock();
	if (err)
		kfree_skb(skb);
	return err;
}

/**
 * fmp_tx_link_message() - send a link message under the current session
 * @peer: to whom
 * @msg: the message from its type byte on
 * @len: its length, at least 1
 * @flags: FMP_FLAG_CE or 0
 * @gfp: how to allocate
 *
 * No counter tells of a failure: the caller knows of it. What the IP layer
 * drops it does not know of.
 *
 * Context: As @gfp allows; the caller sees to it that the peer stays.
 * Return: 0 if it was handed to the IP layer, -EMSGSIZE if it does not fit
 * into a datagram, -ENOMEM, -ENOTCONN without a session, an endpoint or a
 * socket, -EKEYEXPIRED if the session may not send any more, -ELOOP if the
 * route leads back into the device, or the error of the route lookup.
 */
int fmp_tx_link_message(struct fmp_peer *peer, const void *msg, size_t len,
			u8 flags, gfp_t gfp)
{
	int err;

	if (len > FMP_TX_LINK_MAX)
		return -EMSGSIZE;
	err = fmp_tx_link_make(peer, NULL, msg, len, flags, gfp);
	if (!err)
		fmp_stat_inc(peer->fmp, FMP_TX_LINK_MESSAGE);
	return err;
}

/**
 * fmp_tx_heartbeat() - send a heartbeat under the current session (spec 10)
 * @peer: to whom
 *
 * Context: Softirq or process context; the caller sees to it that the peer
 * stays.
 * Return: As fmp_tx_link_message().
 */
int fmp_tx_heartbeat(struct fmp_peer *peer)
{
	const u8 type = FMP_LINK_HEARTBEAT;
	int err;

	err = fmp_tx_link_make(peer, NULL, &type, sizeof(type), 0,
			       GFP_ATOMIC | __GFP_NOWARN);
	if (!err)
		fmp_stat_inc(peer->fmp, FMP_TX_HEARTBEAT);
	return err;
}

/**
 * fmp_tx_report() - send a report of the link metrics (spec 9.2, 9.4)
 * @session: what it is about; under another one it would be wrong
 * @msg: the report from its type byte on
 * @len: its length
 *
 * Context: Softirq, RCU read section.
 * Return: As fmp_tx_link_message(), or -ESTALE if the session is not current
 * any more.
 */
int fmp_tx_report(struct fmp_session *session, const void *msg, size_t len)
{
	struct fmp_peer *peer = session->peer;
	int err;

	err = fmp_tx_link_make(peer, session, msg, len, 0,
			       GFP_ATOMIC | __GFP_NOWARN);
	if (!err)
		fmp_stat_inc(peer->fmp, FMP_TX_REPORT);
	return err;
}
