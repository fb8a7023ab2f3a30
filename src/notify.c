// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink messages that describe objects: replies and notifications.
 */
#include <linux/jiffies.h>
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "netlink-gen.h"
#include "notify.h"
#include "overlay.h"
#include "peer.h"
#include "session.h"

static int fmp_fill_counter(struct sk_buff *skb, int attr, const char *name,
			    u64 value)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, attr);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_string(skb, FMP_A_COUNTER_NAME, name) ||
	    nla_put_uint(skb, FMP_A_COUNTER_VALUE, value)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * fmp_fill_counters_size() - room that fmp_fill_counters() may need
 *
 * Context: Any.
 * Return: Bytes.
 */
size_t fmp_fill_counters_size(void)
{
	size_t size = 0;
	int i;

	for (i = 0; i < FMP_STAT_COUNT; i++)
		size += nla_total_size(nla_total_size(strlen(fmp_stat_name(i)) +
						      1) +
				       nla_total_size_64bit(sizeof(u64)));
	return size;
}

/**
 * fmp_fill_counters() - tell the statistics of a device
 * @skb: message buffer
 * @fmp: device
 * @zeroes: also those that are zero
 *
 * Context: Any, the device valid.
 * Return: 0, or -EMSGSIZE.
 */
int fmp_fill_counters(struct sk_buff *skb, const struct fmp_dev *fmp,
		      bool zeroes)
{
	u64 value;
	int i, err;

	for (i = 0; i < FMP_STAT_COUNT; i++) {
		value = fmp_stat_read(fmp->stats, i);
		if (!value && !zeroes)
			continue;
		err = fmp_fill_counter(skb, FMP_A_DEV_COUNTER,
				       fmp_stat_name(i), value);
		if (err)
			return err;
	}
	return 0;
}

static void *fmp_fill_begin(struct sk_buff *skb,
			    const struct fmp_nl_header *header)
{
	return genlmsg_put(skb, header->portid, header->seq, &fmp_nl_family,
			   header->flags, header->cmd);
}

/**
 * fmp_fill_dev() - describe a device
 * @skb: message buffer
 * @fmp: device
 * @header: head of the message
 * @counters: with its statistics
 *
 * Context: Process context, the device's lock held.
 * Return: 0, or -EMSGSIZE with @skb as it was.
 */
int fmp_fill_dev(struct sk_buff *skb, struct fmp_dev *fmp,
		 const struct fmp_nl_header *header, bool counters)
{
	void *msg = fmp_fill_begin(skb, header);

	if (!msg)
		return -EMSGSIZE;
	if (nla_put_u32(skb, FMP_A_DEV_IFINDEX, fmp->dev->ifindex) ||
	    nla_put_string(skb, FMP_A_DEV_IFNAME, fmp->dev->name) ||
	    fmp_config_fill(skb, fmp, &fmp_config_dev_attrs) ||
	    nla_put_u32(skb, FMP_A_DEV_PEERS, fmp->n_peers) ||
	    nla_put(skb, FMP_A_DEV_EPOCH, sizeof(fmp->epoch), fmp->epoch) ||
	    nla_put_u8(skb, FMP_A_DEV_AGENT,
		       fmp_subscriber_bound(&fmp->agent)) ||
	    (counters && fmp_fill_counters(skb, fmp, true))) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static int fmp_fill_endpoint(struct sk_buff *skb,
			     const struct fmp_endpoint *endpoint)
{
	const struct sockaddr_in6 *in6 = &endpoint->remote.in6;
	const struct sockaddr_in *in4 = &endpoint->remote.in4;

	if (endpoint->remote.sa.sa_family == AF_INET) {
		if (nla_put_in_addr(skb, FMP_A_PEER_ENDPOINT_IPV4,
				    in4->sin_addr.s_addr) ||
		    nla_put_be16(skb, FMP_A_PEER_ENDPOINT_PORT,
				 in4->sin_port))
			return -EMSGSIZE;
		return 0;
	}

	if (nla_put_in6_addr(skb, FMP_A_PEER_ENDPOINT_IPV6,
			     &in6->sin6_addr) ||
	    nla_put_be16(skb, FMP_A_PEER_ENDPOINT_PORT, in6->sin6_port))
		return -EMSGSIZE;
	if (in6->sin6_scope_id &&
	    nla_put_u32(skb, FMP_A_PEER_ENDPOINT_SCOPE_ID,
			in6->sin6_scope_id))
		return -EMSGSIZE;
	return 0;
}

static int fmp_fill_address(struct sk_buff *skb,
			    const struct in6_addr *address)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, FMP_A_PEER_ADDRESS);
	if (!nest)
		return -EMSGSIZE;
	if (ipv6_addr_v4mapped(address))
		err = nla_put_in_addr(skb, FMP_A_ADDRESS_IPV4,
				      address->s6_addr32[3]);
	else
		err = nla_put_in6_addr(skb, FMP_A_ADDRESS_IPV6, address);
	if (err) {
		nla_nest_cancel(skb, nest);
		return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fmp_fill_addresses(struct sk_buff *skb, struct fmp_peer *peer)
{
	const struct fmp_overlay *overlay;
	int err;

	for (overlay = rcu_dereference(peer->addresses); overlay;
	     overlay = rcu_dereference(overlay->next)) {
		err = fmp_fill_address(skb, &overlay->address);
		if (err)
			return err;
	}
	return 0;
}

static int fmp_fill_peer_stats(struct sk_buff *skb, struct fmp_peer *peer)
{
	static const int attrs[] = {
		[FMP_PEER_RX_PACKETS]	= FMP_A_PEER_RX_PACKETS,
		[FMP_PEER_RX_BYTES]	= FMP_A_PEER_RX_BYTES,
		[FMP_PEER_TX_PACKETS]	= FMP_A_PEER_TX_PACKETS,
		[FMP_PEER_TX_BYTES]	= FMP_A_PEER_TX_BYTES,
	};
	u64 value;
	int i, err;

	for (i = 0; i < FMP_PEER_STAT_COUNT; i++) {
		value = fmp_peer_stat_read(peer, i);
		if (i < ARRAY_SIZE(attrs))
			err = nla_put_uint(skb, attrs[i], value);
		else
			err = fmp_fill_counter(skb, FMP_A_PEER_COUNTER,
					       fmp_peer_stat_name(i), value);
		if (err)
			return err;
	}
	return 0;
}

static int fmp_fill_last_rx(struct sk_buff *skb, const struct fmp_peer *peer)
{
	u64 last = READ_ONCE(peer->last_rx);

	if (!last)
		return 0;
	return nla_put_uint(skb, FMP_A_PEER_LAST_RX_MS,
			    jiffies64_to_msecs(get_jiffies_64() - last));
}

static int fmp_fill_peer_name(struct sk_buff *skb, const struct fmp_peer *peer)
{
	const struct fmp_peer_name *name = rcu_dereference(peer->endpoint_name);

	return name ? nla_put_string(skb, FMP_A_PEER_ENDPOINT_NAME,
				     name->text) : 0;
}

static int fmp_fill_peer_state(struct sk_buff *skb, const struct fmp_peer *peer)
{
	u8 state = READ_ONCE(peer->state);

	if (nla_put_u8(skb, FMP_A_PEER_STATE, state) ||
	    nla_put_u16(skb, FMP_A_PEER_DEAD_TIMEOUT,
			READ_ONCE(peer->dead_timeout)) ||
	    nla_put_u8(skb, FMP_A_PEER_MMP_MODE, READ_ONCE(peer->mmp_mode)))
		return -EMSGSIZE;
	if (state == FMP_PEER_STATE_NEW)
		return 0;
	return nla_put_uint(skb, FMP_A_PEER_STATE_MS, fmp_session_now_ms() -
			    READ_ONCE(peer->state_since));
}

/* What the agent goes by. */
static int fmp_fill_peer_agent(struct sk_buff *skb, const struct fmp_peer *peer)
{
	u64 handshaken = READ_ONCE(peer->handshaken);
	u64 epoch;

	if (fmp_fill_peer_name(skb, peer) ||
	    nla_put_u8(skb, FMP_A_PEER_AUTO_CONNECT,
		       READ_ONCE(peer->auto_connect)) ||
	    nla_put_u16(skb, FMP_A_PEER_HEARTBEAT,
			READ_ONCE(peer->heartbeat_interval)) ||
	    (peer->dynamic && nla_put_flag(skb, FMP_A_PEER_DYNAMIC)) ||
	    (handshaken && nla_put_uint(skb, FMP_A_PEER_HANDSHAKE_MS,
					fmp_session_now_ms() - handshaken)))
		return -EMSGSIZE;
	/* Pairs with fmp_session_learn_epoch(). */
	if (!smp_load_acquire(&peer->epoch_known))
		return 0;
	epoch = READ_ONCE(peer->epoch);
	return nla_put(skb, FMP_A_PEER_EPOCH, sizeof(epoch), &epoch);
}

static int fmp_fill_peer_attrs(struct sk_buff *skb, struct fmp_peer *peer)
{
	struct fmp_endpoint *endpoint = rcu_dereference(peer->endpoint);
	u8 node_addr[FMP_NODE_ADDR_LEN];

	fmp_peer_node_addr(peer, node_addr);
	if (nla_put_u32(skb, FMP_A_PEER_IFINDEX, peer->fmp->dev->ifindex) ||
	    nla_put(skb, FMP_A_PEER_PUBLIC_KEY, sizeof(peer->public_key),
		    peer->public_key) ||
	    nla_put(skb, FMP_A_PEER_NODE_ADDR, sizeof(node_addr), node_addr) ||
	    (endpoint && fmp_fill_endpoint(skb, endpoint)) ||
	    fmp_fill_addresses(skb, peer) ||
	    fmp_fill_peer_stats(skb, peer) ||
	    fmp_fill_last_rx(skb, peer) ||
	    fmp_fill_peer_agent(skb, peer) ||
	    fmp_fill_peer_state(skb, peer) ||
	    fmp_mmp_fill(skb, peer) ||
	    nla_put_u32(skb, FMP_A_PEER_FAILURES,
			READ_ONCE(peer->failure.count)))
		return -EMSGSIZE;
	return 0;
}

/**
 * fmp_fill_peer() - describe a peer
 * @skb: message buffer
 * @peer: the peer
 * @header: head of the message
 *
 * Context: The device's lock held, or an RCU read section.
 * Return: 0, or -EMSGSIZE with @skb as it was.
 */
int fmp_fill_peer(struct sk_buff *skb, struct fmp_peer *peer,
		  const struct fmp_nl_header *header)
{
	void *msg = fmp_fill_begin(skb, header);
	int err;

	if (!msg)
		return -EMSGSIZE;
	rcu_read_lock();
	err = fmp_fill_peer_attrs(skb, peer);
	rcu_read_unlock();
	if (err) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static int fmp_fill_rekey(struct sk_buff *skb,
			  const struct fmp_session *session)
{
	u64 now = fmp_session_now_ms(), due;

	if (READ_ONCE(session->slot) != FMP_SLOT_CURRENT)
		return 0;
	due = READ_ONCE(session->rekey.due);
	return nla_put_uint(skb, FMP_A_SESSION_REKEY_MS,
			    due > now ? due - now : 0);
}

static int fmp_fill_session_attrs(struct sk_buff *skb,
				  struct fmp_session *session)
{
	const struct fmp_peer *peer = session->peer;
	u8 k_bit = READ_ONCE(session->k_bit) ? 1 : 0;

	if (nla_put_u32(skb, FMP_A_SESSION_IFINDEX, peer->fmp->dev->ifindex) ||
	    nla_put(skb, FMP_A_SESSION_PUBLIC_KEY, sizeof(peer->public_key),
		    peer->public_key) ||
	    nla_put_u32(skb, FMP_A_SESSION_LOCAL_INDEX,
			session->index.local.value) ||
	    nla_put_u32(skb, FMP_A_SESSION_REMOTE_INDEX,
			session->remote.value) ||
	    (session->initiator &&
	     nla_put_flag(skb, FMP_A_SESSION_INITIATOR)) ||
	    nla_put_u8(skb, FMP_A_SESSION_SLOT, READ_ONCE(session->slot)) ||
	    nla_put_u8(skb, FMP_A_SESSION_K_BIT, k_bit) ||
	    nla_put_uint(skb, FMP_A_SESSION_SEND_COUNTER,
			 atomic64_read(&session->send_counter)) ||
	    (fmp_replay_any(&session->replay) &&
	     nla_put_uint(skb, FMP_A_SESSION_RECEIVE_HIGHEST,
			  READ_ONCE(session->replay.highest))) ||
	    nla_put_uint(skb, FMP_A_SESSION_AGE_MS,
			 fmp_session_now_ms() -
			 READ_ONCE(session->established)) ||
	    (session->epoch_known &&
	     nla_put(skb, FMP_A_SESSION_EPOCH, sizeof(session->epoch),
		     &session->epoch)) ||
	    (session->candidate &&
	     nla_put_flag(skb, FMP_A_SESSION_CANDIDATE)) ||
	    fmp_fill_rekey(skb, session))
		return -EMSGSIZE;
	return 0;
}

/**
 * fmp_fill_session() - describe a session; its keys stay in the kernel
 * @skb: message buffer
 * @session: the session
 * @header: head of the message
 *
 * Context: RCU read section, or the lock of the session's peer held.
 * Return: 0, or -EMSGSIZE with @skb as it was.
 */
int fmp_fill_session(struct sk_buff *skb, struct fmp_session *session,
		     const struct fmp_nl_header *header)
{
	void *msg = fmp_fill_begin(skb, header);

	if (!msg)
		return -EMSGSIZE;
	if (fmp_fill_session_attrs(skb, session)) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

/* A listener that gets none of it is told by ENOBUFS, as ever in netlink. */
static void fmp_notify_lost(struct fmp_dev *fmp, unsigned int group)
{
	genl_set_err(&fmp_nl_family, dev_net(fmp->dev), 0, group, -ENOBUFS);
}

static struct sk_buff *fmp_notify_begin(struct fmp_dev *fmp,
					unsigned int group, gfp_t gfp)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&fmp_nl_family, dev_net(fmp->dev), group))
		return NULL;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, gfp);
	if (!skb)
		fmp_notify_lost(fmp, group);
	return skb;
}

static void fmp_notify_end(struct fmp_dev *fmp, struct sk_buff *skb,
			   unsigned int group, gfp_t gfp, int err)
{
	if (err) {
		nlmsg_free(skb);
		fmp_notify_lost(fmp, group);
		return;
	}
	genlmsg_multicast_netns(&fmp_nl_family, dev_net(fmp->dev), skb, 0,
				group, gfp);
}

/**
 * fmp_notify_dev() - tell that the settings of a device were changed
 * @fmp: device
 *
 * Context: Process context, the device's lock held.
 */
void fmp_notify_dev(struct fmp_dev *fmp)
{
	const struct fmp_nl_header header = { .cmd = FMP_CMD_DEV_SET_NTF };
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(fmp, FMP_NLGRP_CONFIG, GFP_KERNEL);
	if (!skb)
		return;
	err = fmp_fill_dev(skb, fmp, &header, false);
	fmp_notify_end(fmp, skb, FMP_NLGRP_CONFIG, GFP_KERNEL, err);
}

/**
 * fmp_notify_peer() - tell that a peer was added, changed or removed
 * @peer: the peer
 * @cmd: what was done with it
 *
 * Context: Process context, the device's lock held.
 */
void fmp_notify_peer(struct fmp_peer *peer, u8 cmd)
{
	const struct fmp_nl_header header = { .cmd = cmd };
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(peer->fmp, FMP_NLGRP_CONFIG, GFP_KERNEL);
	if (!skb)
		return;
	err = fmp_fill_peer(skb, peer, &header);
	fmp_notify_end(peer->fmp, skb, FMP_NLGRP_CONFIG, GFP_KERNEL, err);
}

/**
 * fmp_notify_session() - tell what became of a session
 * @session: the session
 * @cmd: what became of it
 * @gfp: how to allocate
 *
 * Context: RCU read section or the lock of the session's peer held; as @gfp
 * allows.
 */
void fmp_notify_session(struct fmp_session *session, u8 cmd, gfp_t gfp)
{
	unsigned int group = cmd == FMP_CMD_SESSION_CUTOVER_NTF ?
			     FMP_NLGRP_EVENTS : FMP_NLGRP_CONFIG;
	const struct fmp_nl_header header = { .cmd = cmd };
	struct fmp_dev *fmp = session->peer->fmp;
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(fmp, group, gfp);
	if (!skb)
		return;
	err = fmp_fill_session(skb, session, &header);
	fmp_notify_end(fmp, skb, group, gfp, err);
}

/**
 * fmp_notify_endpoint() - tell that a peer moved
 * @peer: the peer
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_notify_endpoint(struct fmp_peer *peer)
{
	const struct fmp_nl_header header = { .cmd = FMP_CMD_PEER_ENDPOINT_NTF };
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(peer->fmp, FMP_NLGRP_EVENTS, GFP_ATOMIC);
	if (!skb)
		return;
	err = fmp_fill_peer(skb, peer, &header);
	fmp_notify_end(peer->fmp, skb, FMP_NLGRP_EVENTS, GFP_ATOMIC, err);
}

static int fmp_fill_peer_event(struct sk_buff *skb, struct fmp_peer *peer,
			       const struct fmp_peer_event *event)
{
	void *msg;

	msg = fmp_fill_begin(skb, &(struct fmp_nl_header){
		.cmd = event->cmd,
	});
	if (!msg ||
	    nla_put_u32(skb, FMP_A_PEER_IFINDEX, peer->fmp->dev->ifindex) ||
	    nla_put(skb, FMP_A_PEER_PUBLIC_KEY, sizeof(peer->public_key),
		    peer->public_key) ||
	    (event->attr && nla_put_u8(skb, event->attr, event->reason)) ||
	    (event->code >= 0 && nla_put_u8(skb, FMP_A_PEER_DISCONNECT_CODE,
					    event->code)))
		return -EMSGSIZE;
	genlmsg_end(skb, msg);
	return 0;
}

/**
 * fmp_notify_peer_event() - tell what happened to a peer
 * @peer: the peer
 * @event: what
 *
 * Names the peer and no more: it may be told under the peer's lock, and the
 * number of its overlay addresses does not make it dear.
 *
 * Context: Any but hard interrupt; the peer is valid for the caller.
 */
void fmp_notify_peer_event(struct fmp_peer *peer,
			   const struct fmp_peer_event *event)
{
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(peer->fmp, FMP_NLGRP_EVENTS, GFP_ATOMIC);
	if (!skb)
		return;
	err = fmp_fill_peer_event(skb, peer, event);
	fmp_notify_end(peer->fmp, skb, FMP_NLGRP_EVENTS, GFP_ATOMIC, err);
}

static int fmp_fill_handshake(struct sk_buff *skb, const struct fmp_peer *peer,
			      const struct fmp_handshake_report *report)
{
	const struct fmp_nl_header header = { .cmd = FMP_CMD_HANDSHAKE_NTF };
	void *msg = fmp_fill_begin(skb, &header);

	if (!msg ||
	    nla_put_u32(skb, FMP_A_HANDSHAKE_IFINDEX,
			peer->fmp->dev->ifindex) ||
	    nla_put(skb, FMP_A_HANDSHAKE_PUBLIC_KEY, sizeof(peer->public_key),
		    peer->public_key) ||
	    nla_put_u8(skb, FMP_A_HANDSHAKE_EVENT, report->event) ||
	    (report->event == FMP_HANDSHAKE_EVENT_FAILED &&
	     nla_put_u8(skb, FMP_A_HANDSHAKE_CAUSE, report->cause)))
		return -EMSGSIZE;
	genlmsg_end(skb, msg);
	return 0;
}

/**
 * fmp_notify_handshake() - tell what the agent told of a handshake
 * @peer: who it was with
 * @report: what it told
 *
 * Context: Process context, the device's lock held.
 */
void fmp_notify_handshake(struct fmp_peer *peer,
			  const struct fmp_handshake_report *report)
{
	struct sk_buff *skb;
	int err;

	skb = fmp_notify_begin(peer->fmp, FMP_NLGRP_EVENTS, GFP_KERNEL);
	if (!skb)
		return;
	err = fmp_fill_handshake(skb, peer, report);
	fmp_notify_end(peer->fmp, skb, FMP_NLGRP_EVENTS, GFP_KERNEL, err);
}
