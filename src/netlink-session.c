// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about sessions.
 */
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"
#include "peer.h"
#include "session.h"

static_assert(FMP_KEY_SIZE == FMP_KEY_LEN);

static int fmp_nl_check_keys(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, FMP_A_SESSION_REMOTE_INDEX)) {
		GENL_SET_ERR_MSG(info, "Attribute remote-index is missing");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, FMP_A_SESSION_SEND_KEY)) {
		GENL_SET_ERR_MSG(info, "Attribute send-key is missing");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, FMP_A_SESSION_RECEIVE_KEY)) {
		GENL_SET_ERR_MSG(info, "Attribute receive-key is missing");
		return -EINVAL;
	}
	if (info->attrs[FMP_A_SESSION_CANDIDATE] &&
	    info->attrs[FMP_A_SESSION_INITIATOR]) {
		GENL_SET_ERR_MSG(info, "A candidate is a session that we did not initiate");
		return -EINVAL;
	}
	/* One key both ways would use every nonce twice. */
	if (!memcmp(nla_data(info->attrs[FMP_A_SESSION_SEND_KEY]),
		    nla_data(info->attrs[FMP_A_SESSION_RECEIVE_KEY]),
		    FMP_KEY_SIZE)) {
		GENL_SET_ERR_MSG(info, "send-key and receive-key are the same");
		return -EINVAL;
	}
	return 0;
}

static void fmp_nl_copy_key(struct fmp_key *key, const struct nlattr *attr)
{
	memcpy(key->bytes, nla_data(attr), sizeof(key->bytes));
}

static void fmp_nl_copy_epoch(struct fmp_session *session,
			      const struct nlattr *attr)
{
	static_assert(sizeof(session->epoch) == FMP_EPOCH_SIZE);

	session->epoch_known = !!attr;
	if (attr)
		nla_memcpy(&session->epoch, attr, sizeof(session->epoch));
}

/* The message lingers in freed memory after its use; its keys must not. */
static void fmp_nl_wipe_key(struct nlattr *attr)
{
	if (attr)
		memzero_explicit(nla_data(attr), FMP_KEY_SIZE);
}

static int fmp_nl_claim_index(struct genl_info *info, struct fmp_dev *fmp,
			      struct fmp_session *session)
{
	const struct nlattr *attr = info->attrs[FMP_A_SESSION_LOCAL_INDEX];
	struct fmp_local_index local;
	int err;

	if (!attr)
		return fmp_index_claim_random(&fmp->indices, session);

	local.value = nla_get_u32(attr);
	err = fmp_index_claim(&fmp->indices, session, local);
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "local-index is in use or reserved, or was until 30 s ago");
	return err;
}

static int fmp_nl_reply_session(struct genl_info *info, struct sk_buff *reply,
				const struct fmp_nl_header *header,
				u32 ifindex, u32 local_index)
{
	void *msg;

	msg = genlmsg_put(reply, header->portid, header->seq, &fmp_nl_family,
			  header->flags, header->cmd);
	if (!msg ||
	    nla_put_u32(reply, FMP_A_SESSION_IFINDEX, ifindex) ||
	    nla_put_u32(reply, FMP_A_SESSION_LOCAL_INDEX, local_index))
		return fmp_nl_reply_end(info, reply, -EMSGSIZE);
	genlmsg_end(reply, msg);
	return fmp_nl_reply_end(info, reply, 0);
}

static int fmp_nl_install(struct genl_info *info, struct fmp_dev *fmp,
			  u32 *local_index)
{
	struct fmp_session *session;
	struct fmp_peer *peer;
	int err;

	peer = fmp_nl_peer(fmp, info, FMP_A_SESSION_PUBLIC_KEY);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = fmp_nl_check_keys(info);
	if (err)
		return err;
	/* Programs run on for a moment when the machine is about to sleep. */
	if (fmp->keyless) {
		GENL_SET_ERR_MSG(info, "The machine is about to sleep without keys");
		return -EBUSY;
	}
	session = fmp_session_alloc(peer);
	if (!session)
		return -ENOMEM;

	/* Complete before it can be found. */
	fmp_nl_copy_key(&session->send_key,
			info->attrs[FMP_A_SESSION_SEND_KEY]);
	fmp_nl_copy_key(&session->receive_key,
			info->attrs[FMP_A_SESSION_RECEIVE_KEY]);
	session->remote.value =
		nla_get_u32(info->attrs[FMP_A_SESSION_REMOTE_INDEX]);
	session->initiator =
		nla_get_flag(info->attrs[FMP_A_SESSION_INITIATOR]);
	session->candidate =
		nla_get_flag(info->attrs[FMP_A_SESSION_CANDIDATE]);
	fmp_nl_copy_epoch(session, info->attrs[FMP_A_SESSION_EPOCH]);

	if (fmp_session_keys_known(session)) {
		GENL_SET_ERR_MSG(info, "A session of the peer has one of these keys");
		err = -EEXIST;
		goto free_session;
	}
	err = fmp_nl_claim_index(info, fmp, session);
	if (err)
		goto free_session;

	*local_index = session->index.local.value;
	fmp_session_install(session);
	return 0;

free_session:
	fmp_session_free_unused(session);
	return err;
}

static int fmp_nl_session_new(struct genl_info *info)
{
	struct fmp_nl_header header;
	struct sk_buff *reply;
	struct fmp_dev *fmp;
	u32 ifindex, local;
	int err;

	/* Without memory for the reply nothing must be installed. */
	reply = fmp_nl_reply_begin(info, FMP_CMD_SESSION_NEW, &header);
	if (!reply)
		return -ENOMEM;
	fmp = fmp_nl_lock_dev(info, FMP_A_SESSION_IFINDEX);
	if (IS_ERR(fmp))
		return fmp_nl_reply_end(info, reply, PTR_ERR(fmp));

	ifindex = fmp->dev->ifindex;
	err = fmp_nl_install(info, fmp, &local);
	fmp_nl_unlock_dev(fmp);
	if (err)
		return fmp_nl_reply_end(info, reply, err);
	return fmp_nl_reply_session(info, reply, &header, ifindex, local);
}

/**
 * fmp_nl_session_new_doit() - install the keys of a session
 * @skb: the request
 * @info: the request, parsed; its keys are wiped
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = fmp_nl_session_new(info);

	fmp_nl_wipe_key(info->attrs[FMP_A_SESSION_SEND_KEY]);
	fmp_nl_wipe_key(info->attrs[FMP_A_SESSION_RECEIVE_KEY]);
	return err;
}

static struct fmp_session *fmp_nl_session(struct fmp_dev *fmp,
					  struct genl_info *info)
{
	struct fmp_local_index local;
	struct fmp_session *session;
	struct nlattr *attr;

	if (GENL_REQ_ATTR_CHECK(info, FMP_A_SESSION_LOCAL_INDEX)) {
		GENL_SET_ERR_MSG(info, "Attribute local-index is missing");
		return ERR_PTR(-EINVAL);
	}
	attr = info->attrs[FMP_A_SESSION_LOCAL_INDEX];
	local.value = nla_get_u32(attr);
	session = fmp_index_lookup(&fmp->indices, local);
	if (!session) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "No such session");
		return ERR_PTR(-ENOENT);
	}
	return session;
}

/**
 * fmp_nl_session_del_doit() - remove a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such session, or another negative error.
 */
int fmp_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_session *session;
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_SESSION_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	rcu_read_lock();
	session = fmp_nl_session(fmp, info);
	err = PTR_ERR_OR_ZERO(session);
	if (!err)
		err = fmp_session_remove(session);
	rcu_read_unlock();
	fmp_nl_unlock_dev(fmp);
	return err;
}

/**
 * fmp_nl_session_get_doit() - describe a session
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such session, or another negative error.
 */
int fmp_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_nl_header header;
	struct fmp_session *session;
	struct sk_buff *reply;
	struct fmp_dev *fmp;
	int err;

	reply = fmp_nl_reply_begin(info, FMP_CMD_SESSION_GET, &header);
	if (!reply)
		return -ENOMEM;
	fmp = fmp_nl_lock_dev(info, FMP_A_SESSION_IFINDEX);
	if (IS_ERR(fmp))
		return fmp_nl_reply_end(info, reply, PTR_ERR(fmp));

	rcu_read_lock();
	session = fmp_nl_session(fmp, info);
	err = PTR_ERR_OR_ZERO(session);
	if (!err)
		err = fmp_fill_session(reply, session, &header);
	rcu_read_unlock();
	fmp_nl_unlock_dev(fmp);
	return fmp_nl_reply_end(info, reply, err);
}

static int fmp_nl_dump_sessions(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct fmp_peer *peer, unsigned int *slot)
{
	struct fmp_session __rcu **slots[] = {
		&peer->current_session, &peer->pending, &peer->previous,
	};
	const struct fmp_nl_header header = {
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.flags	= NLM_F_MULTI,
		.cmd	= FMP_CMD_SESSION_GET,
	};
	struct fmp_session *session;
	int err = 0;
	void *msg;

	rcu_read_lock();
	for (; *slot < ARRAY_SIZE(slots); ++*slot) {
		session = rcu_dereference(*slots[*slot]);
		if (!session)
			continue;
		msg = skb_tail_pointer(skb);
		err = fmp_fill_session(skb, session, &header);
		if (err)
			break;
		nl_dump_check_consistent(cb, msg);
	}
	rcu_read_unlock();
	return err;
}

/**
 * fmp_nl_session_get_dumpit() - describe the sessions of a device
 * @skb: reply
 * @cb: the dump
 *
 * Context: Process context.
 * Return: Length of @skb, 0 at the end, or a negative error.
 */
int fmp_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct fmp_nl_dump *dump = (struct fmp_nl_dump *)cb->ctx;
	struct fmp_peer *peer;
	struct fmp_dev *fmp;
	unsigned long id;
	int err = 0;

	fmp = fmp_nl_dump_lock_dev(cb, FMP_A_SESSION_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	cb->seq = fmp_dev_generation(fmp);
	xa_for_each_start(&fmp->peer_ids, id, peer, dump->peer_id) {
		/* A slot number belongs to the peer it was reached in. */
		if (id != dump->peer_id)
			dump->slot = 0;
		dump->peer_id = id;
		err = fmp_nl_dump_sessions(skb, cb, peer, &dump->slot);
		if (err)
			break;
		dump->peer_id = id + 1;
		dump->slot = 0;
	}
	fmp_nl_unlock_dev(fmp);
	return skb->len ?: err;
}
