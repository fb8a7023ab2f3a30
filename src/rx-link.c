// SPDX-License-Identifier: GPL-2.0
/*
 * Link messages that came in authentic frames, but for IP packets (spec 2.5).
 */
#include <linux/udp.h>
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "link.h"
#include "mmp.h"
#include "netlink-gen.h"
#include "peer.h"
#include "rx.h"
#include "session.h"
#include "wire.h"

static size_t fmp_rx_link_len(const struct sk_buff *skb)
{
	return skb->len - sizeof(struct udphdr) - FMP_FRAME_MIN -
	       FMP_TIMESTAMP_LEN;
}

static bool fmp_rx_link_ce(const struct sk_buff *skb)
{
	return fmp_rx_hdr(skb)->flags & FMP_FLAG_CE;
}

static void fmp_rx_link_unhandled(struct fmp_peer *peer, struct sk_buff *skb)
{
	fmp_rx_drop_peer(peer, skb, fmp_link_type_known(*fmp_rx_link(skb)) ?
			 FMP_RX_DROP_LINK_UNHANDLED : FMP_RX_DROP_LINK_UNKNOWN,
			 FMP_PEER_RX_DROP_OTHER);
}

/**
 * fmp_rx_disconnect() - take leave of a peer (spec 10)
 * @session: that the frame authenticated under
 * @skb: the frame, decrypted, from the UDP header on; consumed
 *
 * What was said under an earlier session may arrive late, and does not
 * concern the one that came after it.
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_rx_disconnect(struct fmp_session *session, struct sk_buff *skb)
{
	struct fmp_peer *peer = session->peer;
	enum fmp_disconnect code;

	if (fmp_link_read_disconnect(&code, fmp_rx_link(skb),
				     fmp_rx_link_len(skb))) {
		fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_INNER_SHORT,
				 FMP_PEER_RX_DROP_MALFORMED);
		return;
	}
	if (!fmp_session_down(session, FMP_DOWN_REASON_DISCONNECT, code)) {
		fmp_rx_link_unhandled(peer, skb);
		return;
	}
	fmp_stat_inc(peer->fmp, FMP_RX_DISCONNECT);
	consume_skb(skb);
}

static int fmp_rx_read_report(struct fmp_session *session,
			      const struct sk_buff *skb)
{
	const u8 *msg = fmp_rx_link(skb);
	size_t len = fmp_rx_link_len(skb);
	struct fmp_receiver_report rr;
	struct fmp_sender_report sr;
	int err;

	/* What the peer sent says nothing that its frames do not. */
	if (*msg == FMP_LINK_SENDER_REPORT) {
		err = fmp_link_read_sender_report(&sr, msg, len);
		if (!err)
			fmp_mmp_sender_reported(session);
		return err;
	}
	err = fmp_link_read_receiver_report(&rr, msg, len);
	if (!err)
		fmp_mmp_receiver_reported(session, &rr);
	return err;
}

/**
 * fmp_rx_report() - take note of a report of the link metrics (spec 9.7)
 * @session: that the frame authenticated under
 * @skb: the frame, decrypted, from the UDP header on; consumed
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_rx_report(struct fmp_session *session, struct sk_buff *skb)
{
	struct fmp_peer *peer = session->peer;

	if (fmp_rx_read_report(session, skb)) {
		fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_INNER_SHORT,
				 FMP_PEER_RX_DROP_MALFORMED);
		return;
	}
	fmp_stat_inc(peer->fmp, FMP_RX_REPORT);
	consume_skb(skb);
}

static int fmp_rx_link_fill(struct sk_buff *msg, const struct fmp_peer *peer,
			    const struct sk_buff *skb)
{
	void *head;

	head = genlmsg_put(msg, 0, 0, &fmp_nl_family, 0,
			   FMP_CMD_LINK_MESSAGE_NTF);
	if (!head ||
	    nla_put_u32(msg, FMP_A_MESSAGE_IFINDEX, peer->fmp->dev->ifindex) ||
	    nla_put(msg, FMP_A_MESSAGE_PUBLIC_KEY, sizeof(peer->public_key),
		    peer->public_key) ||
	    nla_put(msg, FMP_A_MESSAGE_PAYLOAD, fmp_rx_link_len(skb),
		    fmp_rx_link(skb)) ||
	    (fmp_rx_link_ce(skb) && nla_put_flag(msg, FMP_A_MESSAGE_CE)))
		return -EMSGSIZE;
	genlmsg_end(msg, head);
	return 0;
}

static int fmp_rx_link_pass(const struct fmp_peer *peer,
			    const struct sk_buff *skb)
{
	size_t size = nla_total_size(sizeof(u32)) +
		      nla_total_size(sizeof(peer->public_key)) +
		      nla_total_size(fmp_rx_link_len(skb)) +
		      nla_total_size(0);
	struct sk_buff *msg;
	int err;

	msg = genlmsg_new(size, GFP_ATOMIC | __GFP_NOWARN);
	if (!msg)
		return -ENOMEM;
	err = fmp_rx_link_fill(msg, peer, skb);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return fmp_subscriber_send(&peer->fmp->link_subscriber, msg);
}

/**
 * fmp_rx_link_message() - give a link message to who wants it
 * @peer: who sent it
 * @skb: the frame, decrypted, from the UDP header on; consumed
 *
 * What the subscriber is too slow for is dropped: its receive buffer is the
 * only queue.
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_rx_link_message(struct fmp_peer *peer, struct sk_buff *skb)
{
	int err = -ECONNREFUSED;

	if (fmp_subscriber_bound(&peer->fmp->link_subscriber))
		err = fmp_rx_link_pass(peer, skb);
	if (err == -ECONNREFUSED) {
		fmp_rx_link_unhandled(peer, skb);
		return;
	}
	if (err) {
		fmp_rx_drop_peer(peer, skb, FMP_RX_DROP_LINK_BACKLOG,
				 FMP_PEER_RX_DROP_OTHER);
		return;
	}
	fmp_stat_inc(peer->fmp, FMP_RX_LINK_MESSAGE);
	consume_skb(skb);
}
