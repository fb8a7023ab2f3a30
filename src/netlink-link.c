// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about link messages, and about who answers
 * for a device.
 */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "peer.h"
#include "tx.h"
#include "wire.h"

typedef struct fmp_subscriber *(*fmp_nl_role_fn)(struct fmp_dev *fmp);

static struct fmp_subscriber *fmp_nl_agent(struct fmp_dev *fmp)
{
	return &fmp->agent;
}

static struct fmp_subscriber *fmp_nl_link_subscriber(struct fmp_dev *fmp)
{
	return &fmp->link_subscriber;
}

static int fmp_nl_bind_rtnl(struct sk_buff *skb, struct genl_info *info,
			    int attr, fmp_nl_role_fn role)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, attr);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_subscriber_bind(role(fmp), fmp->dev, skb);
	if (err == -EBUSY)
		GENL_SET_ERR_MSG(info, "Another program has this role already");
	fmp_nl_unlock_dev(fmp);
	return err;
}

static int fmp_nl_bind(struct sk_buff *skb, struct genl_info *info, int attr,
		       fmp_nl_role_fn role)
{
	int err;

	rtnl_lock();
	err = fmp_nl_bind_rtnl(skb, info, attr, role);
	rtnl_unlock();
	return err;
}

static int fmp_nl_unbind(struct sk_buff *skb, struct genl_info *info, int attr,
			 fmp_nl_role_fn role)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, attr);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_subscriber_unbind(role(fmp), skb);
	if (err == -ENOENT)
		GENL_SET_ERR_MSG(info, "The socket does not have this role");
	fmp_nl_unlock_dev(fmp);
	return err;
}

/**
 * fmp_nl_agent_bind_doit() - make the sender the agent of a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -EBUSY if the device has another agent, or another negative
 * error.
 */
int fmp_nl_agent_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return fmp_nl_bind(skb, info, FMP_A_DEV_IFINDEX, fmp_nl_agent);
}

/**
 * fmp_nl_agent_unbind_doit() - let the sender be the agent no more
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if the sender is not the agent, or another negative
 * error.
 */
int fmp_nl_agent_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return fmp_nl_unbind(skb, info, FMP_A_DEV_IFINDEX, fmp_nl_agent);
}

/**
 * fmp_nl_link_bind_doit() - give link messages of a device to the sender
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -EBUSY if another socket gets them, or another negative error.
 */
int fmp_nl_link_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return fmp_nl_bind(skb, info, FMP_A_MESSAGE_IFINDEX,
			   fmp_nl_link_subscriber);
}

/**
 * fmp_nl_link_unbind_doit() - give link messages of a device to nobody
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if the sender does not get them, or another negative
 * error.
 */
int fmp_nl_link_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return fmp_nl_unbind(skb, info, FMP_A_MESSAGE_IFINDEX,
			     fmp_nl_link_subscriber);
}

/*
 * What the kernel sends by itself would be contradicted. A Disconnect comes
 * from the agent, which knows when it stops for good.
 */
static bool fmp_nl_may_send(u8 type)
{
	switch (type) {
	case FMP_LINK_SENDER_REPORT:
	case FMP_LINK_RECEIVER_REPORT:
	case FMP_LINK_IP:
	case FMP_LINK_HEARTBEAT:
		return false;
	default:
		return true;
	}
}

static int fmp_nl_check_payload(struct genl_info *info)
{
	const struct nlattr *payload;

	if (GENL_REQ_ATTR_CHECK(info, FMP_A_MESSAGE_PAYLOAD)) {
		GENL_SET_ERR_MSG(info, "Attribute payload is missing");
		return -EINVAL;
	}
	payload = info->attrs[FMP_A_MESSAGE_PAYLOAD];
	if (!nla_len(payload)) {
		NL_SET_ERR_MSG_ATTR(info->extack, payload, "Empty message");
		return -EINVAL;
	}
	if (!fmp_nl_may_send(*(u8 *)nla_data(payload))) {
		NL_SET_ERR_MSG_ATTR(info->extack, payload,
				    "The kernel sends messages of this type");
		return -EPERM;
	}
	return 0;
}

/* Sees what lasts; a session can still go away before it is used. */
static int fmp_nl_check_link(struct genl_info *info, struct fmp_peer *peer)
{
	if (!peer->fmp->up) {
		GENL_SET_ERR_MSG(info, "Device is down");
		return -ENETDOWN;
	}
	if (!rcu_access_pointer(peer->current_session)) {
		GENL_SET_ERR_MSG(info, "Peer has no session");
		return -ENOTCONN;
	}
	if (!rcu_access_pointer(peer->endpoint)) {
		GENL_SET_ERR_MSG(info, "Peer has no endpoint");
		return -ENOTCONN;
	}
	return 0;
}

static int fmp_nl_link_send(struct genl_info *info, struct fmp_dev *fmp)
{
	const struct nlattr *payload;
	struct fmp_peer *peer;
	u8 flags = 0;
	int err;

	peer = fmp_nl_peer(fmp, info, FMP_A_MESSAGE_PUBLIC_KEY);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = fmp_nl_check_payload(info);
	if (err)
		return err;
	err = fmp_nl_check_link(info, peer);
	if (err)
		return err;

	payload = info->attrs[FMP_A_MESSAGE_PAYLOAD];
	if (nla_get_flag(info->attrs[FMP_A_MESSAGE_CE]))
		flags = FMP_FLAG_CE;
	err = fmp_tx_link_message(peer, nla_data(payload), nla_len(payload),
				  flags, GFP_KERNEL);
	if (err == -EMSGSIZE)
		NL_SET_ERR_MSG_ATTR(info->extack, payload,
				    "Message does not fit into a datagram");
	return err;
}

/**
 * fmp_nl_link_send_doit() - send a link message to a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -EPERM for a type that is the kernel's to send, -ENOTCONN
 * without a session or an endpoint, -EMSGSIZE if it is too long, or another
 * negative error.
 */
int fmp_nl_link_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_MESSAGE_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_nl_link_send(info, fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}
