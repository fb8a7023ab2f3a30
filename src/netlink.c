// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink: what all share, and those about devices.
 *
 * Types, lengths and ranges were checked by the generated policies before
 * any of this runs.
 */
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"
#include "peer.h"

static struct fmp_dev *fmp_nl_lock(struct net *net, const struct nlattr *attr,
				   struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	struct fmp_dev *fmp;

	dev = dev_get_by_index(net, nla_get_u32(attr));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "No such device");
		return ERR_PTR(-ENODEV);
	}
	if (!fmp_dev_is(dev)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Not an fmp device");
		dev_put(dev);
		return ERR_PTR(-EOPNOTSUPP);
	}

	fmp = netdev_priv(dev);
	mutex_lock(&fmp->lock);
	if (fmp->dead) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "Device is being removed");
		fmp_nl_unlock_dev(fmp);
		return ERR_PTR(-ENODEV);
	}
	return fmp;
}

/**
 * fmp_nl_lock_dev() - find and lock the device of a request
 * @info: the request
 * @attr: attribute with its ifindex
 *
 * Context: Process context.
 * Return: The device, for fmp_nl_unlock_dev(), or a negative error that
 * was explained to the sender.
 */
struct fmp_dev *fmp_nl_lock_dev(struct genl_info *info, int attr)
{
	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		GENL_SET_ERR_MSG(info, "Attribute ifindex is missing");
		return ERR_PTR(-EINVAL);
	}
	return fmp_nl_lock(genl_info_net(info), info->attrs[attr],
			   info->extack);
}

/**
 * fmp_nl_dump_lock_dev() - find and lock the device of a dump
 * @cb: the dump
 * @attr: attribute with its ifindex
 *
 * Context: Process context.
 * Return: The device, for fmp_nl_unlock_dev(), or a negative error that
 * was explained to the sender.
 */
struct fmp_dev *fmp_nl_dump_lock_dev(struct netlink_callback *cb, int attr)
{
	const struct nlattr *ifindex = genl_info_dump(cb)->attrs[attr];

	if (!ifindex) {
		NL_SET_ERR_MSG(cb->extack, "Attribute ifindex is missing");
		return ERR_PTR(-EINVAL);
	}
	return fmp_nl_lock(sock_net(cb->skb->sk), ifindex, cb->extack);
}

/**
 * fmp_nl_unlock_dev() - be done with the device of a request
 * @fmp: of fmp_nl_lock_dev() or fmp_nl_dump_lock_dev()
 *
 * Context: Process context.
 */
void fmp_nl_unlock_dev(struct fmp_dev *fmp)
{
	struct net_device *dev = fmp->dev;

	mutex_unlock(&fmp->lock);
	dev_put(dev);
}

/**
 * fmp_nl_public_key() - public key of a request
 * @info: the request
 * @attr: attribute with the public key
 *
 * Context: Process context.
 * Return: The key, or NULL, which was explained to the sender as -EINVAL.
 */
const u8 *fmp_nl_public_key(struct genl_info *info, int attr)
{
	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		GENL_SET_ERR_MSG(info, "Attribute public-key is missing");
		return NULL;
	}
	return nla_data(info->attrs[attr]);
}

/**
 * fmp_nl_peer() - find the peer of a request
 * @fmp: its device, locked
 * @info: the request
 * @attr: attribute with the public key
 *
 * Context: Process context.
 * Return: The peer, or a negative error that was explained to the sender.
 */
struct fmp_peer *fmp_nl_peer(struct fmp_dev *fmp, struct genl_info *info,
			     int attr)
{
	const u8 *public_key = fmp_nl_public_key(info, attr);
	struct fmp_peer *peer;

	if (!public_key)
		return ERR_PTR(-EINVAL);
	peer = fmp_peer_lookup(fmp, public_key);
	if (!peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "No such peer");
		return ERR_PTR(-ENOENT);
	}
	return peer;
}

/**
 * fmp_nl_reply_begin() - start the reply to a request
 * @info: the request
 * @cmd: command of the reply
 * @header: head to be filled
 *
 * Context: Process context.
 * Return: A buffer for fmp_nl_reply_end(), or NULL.
 */
struct sk_buff *fmp_nl_reply_begin(struct genl_info *info, u8 cmd,
				   struct fmp_nl_header *header)
{
	header->portid = info->snd_portid;
	header->seq = info->snd_seq;
	header->flags = 0;
	header->cmd = cmd;
	return genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
}

/**
 * fmp_nl_reply_end() - send a reply
 * @info: the request
 * @skb: of fmp_nl_reply_begin(), consumed
 * @err: whether it could be filled
 *
 * Context: Process context.
 * Return: 0, or @err, or the error of sending.
 */
int fmp_nl_reply_end(struct genl_info *info, struct sk_buff *skb, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

/**
 * fmp_nl_dev_get_doit() - describe a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_nl_header header;
	struct sk_buff *reply;
	struct fmp_dev *fmp;
	int err;

	reply = fmp_nl_reply_begin(info, FMP_CMD_DEV_GET, &header);
	if (!reply)
		return -ENOMEM;
	fmp = fmp_nl_lock_dev(info, FMP_A_DEV_IFINDEX);
	if (IS_ERR(fmp))
		return fmp_nl_reply_end(info, reply, PTR_ERR(fmp));
	err = fmp_fill_dev(reply, fmp, &header, true);
	fmp_nl_unlock_dev(fmp);
	return fmp_nl_reply_end(info, reply, err);
}

static int fmp_nl_dump_dev(struct sk_buff *skb, struct netlink_callback *cb,
			   struct net_device *dev)
{
	const struct fmp_nl_header header = {
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.flags	= NLM_F_MULTI,
		.cmd	= FMP_CMD_DEV_GET,
	};
	struct fmp_dev *fmp = netdev_priv(dev);
	int err = 0;

	mutex_lock(&fmp->lock);
	if (!fmp->dead)
		err = fmp_fill_dev(skb, fmp, &header, true);
	mutex_unlock(&fmp->lock);
	return err;
}

/* There is an index after the greatest that a device may have. */
static struct net_device *fmp_nl_next_dev(struct net *net, u32 *ifindex)
{
	struct net_device *dev, *best = NULL;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev)
		if (fmp_dev_is(dev) && (u32)dev->ifindex >= *ifindex &&
		    (!best || dev->ifindex < best->ifindex))
			best = dev;
	if (best) {
		dev_hold(best);
		*ifindex = best->ifindex;
	}
	rcu_read_unlock();
	return best;
}

/**
 * fmp_nl_dev_get_dumpit() - describe the devices of a namespace
 * @skb: reply
 * @cb: the dump; args[0] is the first ifindex that was not dumped
 *
 * Context: Process context.
 * Return: Length of @skb, 0 at the end, or a negative error.
 */
int fmp_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(cb->skb->sk);
	u32 ifindex = cb->args[0];
	struct net_device *dev;
	int err = 0;

	while (!err) {
		dev = fmp_nl_next_dev(net, &ifindex);
		if (!dev)
			break;
		err = fmp_nl_dump_dev(skb, cb, dev);
		if (!err)
			ifindex++;
		dev_put(dev);
	}
	cb->args[0] = ifindex;
	return skb->len ?: err;
}

/**
 * fmp_nl_dev_set_doit() - change the settings of a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_config config;
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_DEV_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	config = fmp->config;
	err = fmp_config_read(fmp, &config, info->attrs, &fmp_config_dev_attrs,
			      info->extack);
	if (!err)
		err = fmp_dev_configure(fmp, &config, skb, info->extack);
	if (!err)
		fmp_notify_dev(fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}

/* What may not be asked for is not told either; YNL cannot say so. */
static const struct genl_multicast_group fmp_nl_admin_mcgrps[] = {
	[FMP_NLGRP_CONFIG] = {
		.name	= FMP_MCGRP_CONFIG,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
	[FMP_NLGRP_EVENTS] = {
		.name	= FMP_MCGRP_EVENTS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

/**
 * fmp_netlink_register() - accept requests
 *
 * Context: Process context, at module load.
 * Return: 0, or a negative error.
 */
int __init fmp_netlink_register(void)
{
	fmp_nl_family.mcgrps = fmp_nl_admin_mcgrps;
	fmp_nl_family.n_mcgrps = ARRAY_SIZE(fmp_nl_admin_mcgrps);
	return genl_register_family(&fmp_nl_family);
}

/**
 * fmp_netlink_unregister() - accept no more requests
 *
 * Context: Process context, at module unload.
 */
void fmp_netlink_unregister(void)
{
	genl_unregister_family(&fmp_nl_family);
}

MODULE_ALIAS_GENL_FAMILY(FMP_FAMILY_NAME);
