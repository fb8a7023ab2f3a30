// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about peers.
 */
#include <linux/ctype.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "netlink-endpoint.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"
#include "overlay.h"
#include "peer.h"
#include "recovery.h"

/* NULL if the request has none. */
static struct fmp_endpoint *fmp_nl_endpoint(struct genl_info *info)
{
	struct fmp_endpoint *endpoint;
	union fmp_sockaddr remote;
	int err;

	err = fmp_nl_remote(info, &fmp_nl_peer_endpoint, &remote);
	if (err)
		return err == -ENODATA ? NULL : ERR_PTR(err);
	endpoint = fmp_endpoint_new(&remote, GFP_KERNEL_ACCOUNT);
	return endpoint ?: ERR_PTR(-ENOMEM);
}

static int fmp_nl_check_address(struct genl_info *info,
				const struct nlattr *attr,
				const struct in6_addr *address)
{
	int type = ipv6_addr_type(address);
	__be32 addr4 = address->s6_addr32[3];

	if (ipv6_addr_v4mapped(address) ?
	    !addr4 || ipv4_is_multicast(addr4) || ipv4_is_lbcast(addr4) :
	    type == IPV6_ADDR_ANY || type & IPV6_ADDR_MULTICAST) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "Not a unicast address");
		return -EINVAL;
	}
	return 0;
}

/* One entry of the attribute "address" of a request. */
static int fmp_nl_address(struct genl_info *info, const struct nlattr *attr,
			  struct in6_addr *address, bool *remove)
{
	struct nlattr *nested[FMP_A_ADDRESS_MAX + 1];
	int err;

	err = nla_parse_nested(nested, FMP_A_ADDRESS_MAX, attr,
			       fmp_address_nl_policy, info->extack);
	if (err)
		return err;
	if (!nested[FMP_A_ADDRESS_IPV4] == !nested[FMP_A_ADDRESS_IPV6]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "An address is either ipv4 or ipv6");
		return -EINVAL;
	}

	*remove = nla_get_flag(nested[FMP_A_ADDRESS_REMOVE]);
	if (nested[FMP_A_ADDRESS_IPV4]) {
		ipv6_addr_set_v4mapped(nla_get_in_addr(nested[FMP_A_ADDRESS_IPV4]),
				       address);
	} else {
		*address = nla_get_in6_addr(nested[FMP_A_ADDRESS_IPV6]);
		if (ipv6_addr_v4mapped(address)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "Give a mapped address as ipv4");
			return -EINVAL;
		}
	}
	return fmp_nl_check_address(info, attr, address);
}

static struct fmp_overlay *fmp_nl_own_overlay(struct fmp_peer *peer,
					      const struct in6_addr *address)
{
	struct fmp_overlay *overlay = fmp_overlay_find(peer->fmp, address);

	return overlay && overlay->peer == peer ? overlay : NULL;
}

/*
 * What could go wrong does so here, before anything is changed: all of the
 * addresses of a request are taken, or none.
 */
static int fmp_nl_check_change(struct genl_info *info, struct fmp_dev *fmp,
			       struct fmp_peer *peer, const struct nlattr *attr,
			       bool replace, unsigned int *n)
{
	struct fmp_overlay *overlay;
	struct in6_addr address;
	bool remove;
	int err;

	err = fmp_nl_address(info, attr, &address, &remove);
	if (err)
		return err;

	overlay = fmp_overlay_find(fmp, &address);
	if (remove) {
		if (!peer || !overlay || overlay->peer != peer) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "The peer does not have this address");
			return -ENOENT;
		}
		if (overlay->derived) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "The address of the public key stays with it");
			return -EINVAL;
		}
		return 0;
	}
	if (overlay && overlay->peer != peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "Another peer has this address");
		return -EADDRINUSE;
	}
	/* May count one twice: duplicates are not worth a search. */
	if ((!overlay || replace) && ++*n > FMP_PEER_ADDRESSES_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "Too many addresses; use routes via one of them");
		return -ENOSPC;
	}
	return 0;
}

static int fmp_nl_check_addresses(struct genl_info *info, struct fmp_dev *fmp,
				  struct fmp_peer *peer, bool replace)
{
	/* The derived address of a new peer comes on top. */
	unsigned int n = peer && !replace ? peer->n_addresses : 1;
	const struct nlattr *attr;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != FMP_A_PEER_ADDRESS)
			continue;
		err = fmp_nl_check_change(info, fmp, peer, attr, replace, &n);
		if (err)
			return err;
	}
	return 0;
}

static int fmp_nl_add_addresses(struct genl_info *info, struct fmp_peer *peer)
{
	const struct nlattr *attr;
	struct in6_addr address;
	int rem, err;
	bool remove;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != FMP_A_PEER_ADDRESS)
			continue;
		err = fmp_nl_address(info, attr, &address, &remove);
		if (!err && !remove)
			err = fmp_overlay_add(peer, &address, false);
		if (err)
			return err;
	}
	return 0;
}

static void fmp_nl_remove_addresses(struct genl_info *info,
				    struct fmp_peer *peer)
{
	struct fmp_overlay *overlay;
	const struct nlattr *attr;
	struct in6_addr address;
	bool remove;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != FMP_A_PEER_ADDRESS ||
		    fmp_nl_address(info, attr, &address, &remove) || !remove)
			continue;
		/* Removed twice in a request, or by replacing, is removed. */
		overlay = fmp_nl_own_overlay(peer, &address);
		if (overlay)
			fmp_overlay_remove(overlay);
	}
}

/* What can fail comes first, so that a failure changes nothing. */
static int fmp_nl_apply_addresses(struct genl_info *info,
				  struct fmp_peer *peer, bool replace)
{
	int err;

	err = fmp_nl_add_addresses(info, peer);
	if (err) {
		fmp_overlay_abort(peer);
		return err;
	}
	fmp_overlay_commit(peer, replace);
	fmp_nl_remove_addresses(info, peer);
	return 0;
}

/**
 * struct fmp_nl_words - what takes memory of what a request says of a peer
 * @endpoint: where it is, or NULL
 * @name: the same by name, or NULL
 * @set_name: the request has a name; without @name it is to be forgotten
 */
struct fmp_nl_words {
	struct fmp_endpoint *endpoint;
	struct fmp_peer_name *name;
	bool set_name;
};

/*
 * What is stored here is printed on terminals and written into files of
 * configuration, perhaps by somebody with more rights than who set it.
 */
static bool fmp_nl_name_is_plain(const char *name)
{
	for (; *name; name++) {
		if (!isascii(*name) || !isgraph(*name))
			return false;
	}
	return true;
}

static int fmp_nl_read_name(struct genl_info *info, struct fmp_nl_words *words)
{
	const struct nlattr *attr = info->attrs[FMP_A_PEER_ENDPOINT_NAME];
	size_t size;

	words->name = NULL;
	words->set_name = attr;
	if (!attr || !*(const char *)nla_data(attr))
		return 0;
	if (!fmp_nl_name_is_plain(nla_data(attr))) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "endpoint-name has characters that no name has");
		return -EINVAL;
	}
	size = nla_len(attr);
	words->name = kzalloc(struct_size(words->name, text, size),
			      GFP_KERNEL_ACCOUNT);
	if (!words->name)
		return -ENOMEM;
	nla_strscpy(words->name->text, attr, size);
	return 0;
}

static int fmp_nl_read_words(struct genl_info *info,
			     struct fmp_nl_words *words)
{
	int err;

	words->endpoint = fmp_nl_endpoint(info);
	if (IS_ERR(words->endpoint))
		return PTR_ERR(words->endpoint);
	err = fmp_nl_read_name(info, words);
	if (err)
		fmp_endpoint_free(words->endpoint);
	return err;
}

static void fmp_nl_set_name(struct fmp_peer *peer, struct fmp_peer_name *name)
{
	name = rcu_replace_pointer(peer->endpoint_name, name,
				   lockdep_is_held(&peer->fmp->lock));
	if (name)
		kfree_rcu(name, rcu);
}

static void fmp_nl_apply_settings(struct genl_info *info,
				  struct fmp_peer *peer)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[FMP_A_PEER_AUTO_CONNECT])
		WRITE_ONCE(peer->auto_connect,
			   nla_get_u8(attrs[FMP_A_PEER_AUTO_CONNECT]));
	if (attrs[FMP_A_PEER_HEARTBEAT])
		fmp_peer_set_heartbeat(peer,
				       nla_get_u16(attrs[FMP_A_PEER_HEARTBEAT]));
	if (attrs[FMP_A_PEER_DEAD_TIMEOUT])
		fmp_peer_set_dead_timeout(peer,
					  nla_get_u16(attrs[FMP_A_PEER_DEAD_TIMEOUT]));
	if (attrs[FMP_A_PEER_MMP_MODE]) {
		WRITE_ONCE(peer->mmp_mode,
			   nla_get_u8(attrs[FMP_A_PEER_MMP_MODE]));
		fmp_peer_look(peer);
	}
}

static int fmp_nl_peer_new(struct genl_info *info, struct fmp_dev *fmp)
{
	struct fmp_nl_words words;
	const u8 *public_key;
	struct fmp_peer *peer;
	int err;

	public_key = fmp_nl_public_key(info, FMP_A_PEER_PUBLIC_KEY);
	if (!public_key)
		return -EINVAL;
	if (fmp_peer_lookup(fmp, public_key)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[FMP_A_PEER_PUBLIC_KEY],
				    "There is such a peer");
		return -EEXIST;
	}
	err = fmp_nl_check_addresses(info, fmp, NULL, false);
	if (err)
		return err;
	peer = fmp_peer_alloc(fmp, public_key);
	if (!peer)
		return -ENOMEM;
	err = fmp_nl_read_words(info, &words);
	if (err) {
		fmp_peer_free_unused(peer);
		return err;
	}

	RCU_INIT_POINTER(peer->endpoint, words.endpoint);
	RCU_INIT_POINTER(peer->endpoint_name, words.name);
	peer->dynamic = nla_get_flag(info->attrs[FMP_A_PEER_DYNAMIC]);
	fmp_nl_apply_settings(info, peer);
	err = fmp_peer_insert(peer);
	if (err) {
		GENL_SET_ERR_MSG(info, "Peer cannot be added");
		fmp_peer_free_unused(peer);
		return err;
	}
	err = fmp_nl_apply_addresses(info, peer, false);
	if (err) {
		fmp_peer_remove(peer);
		return err;
	}
	fmp_notify_peer(peer, FMP_CMD_PEER_NEW_NTF);
	return 0;
}

/**
 * fmp_nl_peer_new_doit() - add a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -EEXIST if there is such a peer, or another negative error.
 */
int fmp_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_nl_peer_new(info, fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}

static int fmp_nl_peer_set(struct genl_info *info, struct fmp_dev *fmp)
{
	struct fmp_nl_words words;
	struct fmp_peer *peer;
	bool replace;
	int err;

	peer = fmp_nl_peer(fmp, info, FMP_A_PEER_PUBLIC_KEY);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	replace = info->attrs[FMP_A_PEER_REPLACE_ADDRESSES];
	err = fmp_nl_check_addresses(info, fmp, peer, replace);
	if (err)
		return err;
	err = fmp_nl_read_words(info, &words);
	if (err)
		return err;
	err = fmp_nl_apply_addresses(info, peer, replace);
	if (err) {
		fmp_endpoint_free(words.endpoint);
		kfree(words.name);
		return err;
	}
	if (words.endpoint)
		fmp_peer_set_endpoint(peer, words.endpoint);
	if (words.set_name)
		fmp_nl_set_name(peer, words.name);
	fmp_nl_apply_settings(info, peer);
	fmp_notify_peer(peer, FMP_CMD_PEER_SET_NTF);
	return 0;
}

/**
 * fmp_nl_peer_set_doit() - change a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, or another negative error.
 */
int fmp_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_nl_peer_set(info, fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}

/**
 * fmp_nl_peer_del_doit() - remove a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, or another negative error.
 */
int fmp_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_peer *peer;
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	peer = fmp_nl_peer(fmp, info, FMP_A_PEER_PUBLIC_KEY);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err) {
		fmp_notify_peer(peer, FMP_CMD_PEER_DEL_NTF);
		fmp_peer_remove(peer);
	}
	fmp_nl_unlock_dev(fmp);
	return err;
}

/**
 * fmp_nl_peer_get_doit() - describe a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, or another negative error.
 */
int fmp_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_nl_header header;
	struct sk_buff *reply;
	struct fmp_peer *peer;
	struct fmp_dev *fmp;
	int err;

	reply = fmp_nl_reply_begin(info, FMP_CMD_PEER_GET, &header);
	if (!reply)
		return -ENOMEM;
	fmp = fmp_nl_lock_dev(info, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return fmp_nl_reply_end(info, reply, PTR_ERR(fmp));

	peer = fmp_nl_peer(fmp, info, FMP_A_PEER_PUBLIC_KEY);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err)
		err = fmp_fill_peer(reply, peer, &header);
	fmp_nl_unlock_dev(fmp);
	return fmp_nl_reply_end(info, reply, err);
}

/**
 * fmp_nl_peer_get_dumpit() - describe the peers of a device
 * @skb: reply
 * @cb: the dump
 *
 * Context: Process context.
 * Return: Length of @skb, 0 at the end, or a negative error.
 */
int fmp_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct fmp_nl_header header = {
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.flags	= NLM_F_MULTI,
		.cmd	= FMP_CMD_PEER_GET,
	};
	struct fmp_nl_dump *dump = (struct fmp_nl_dump *)cb->ctx;
	struct fmp_peer *peer;
	struct fmp_dev *fmp;
	unsigned long id;
	int err = 0;

	fmp = fmp_nl_dump_lock_dev(cb, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	/* The core marks a dump that peers were added to or taken from. */
	cb->seq = fmp_dev_generation(fmp);
	xa_for_each_start(&fmp->peer_ids, id, peer, dump->peer_id) {
		void *msg = skb_tail_pointer(skb);

		err = fmp_fill_peer(skb, peer, &header);
		if (err)
			break;
		nl_dump_check_consistent(cb, msg);
		dump->peer_id = id + 1;
	}
	fmp_nl_unlock_dev(fmp);
	return skb->len ?: err;
}

static void fmp_nl_rekey_all(struct fmp_dev *fmp)
{
	struct fmp_peer *peer;
	unsigned long id;

	xa_for_each(&fmp->peer_ids, id, peer) {
		fmp_recovery_ask(peer, FMP_REKEY_REASON_MANUAL);
		cond_resched();
	}
}

/**
 * fmp_nl_rekey_doit() - ask for a new session for a peer, or for all of them
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, or another negative error.
 */
int fmp_nl_rekey_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_peer *peer;
	struct fmp_dev *fmp;
	int err = 0;

	fmp = fmp_nl_lock_dev(info, FMP_A_PEER_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	if (!info->attrs[FMP_A_PEER_PUBLIC_KEY]) {
		fmp_nl_rekey_all(fmp);
		goto unlock;
	}
	peer = fmp_nl_peer(fmp, info, FMP_A_PEER_PUBLIC_KEY);
	err = PTR_ERR_OR_ZERO(peer);
	if (!err)
		fmp_recovery_ask(peer, FMP_REKEY_REASON_MANUAL);
unlock:
	fmp_nl_unlock_dev(fmp);
	return err;
}
