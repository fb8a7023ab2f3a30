// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about handshakes: what the agent needs of us
 * while it has one under way.
 */
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "handshake.h"
#include "netlink-endpoint.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"
#include "peer.h"

static_assert(FMP_HANDSHAKE_FRAME_MAX == FMP_MSG1_LEN);

static int fmp_nl_reserve(struct genl_info *info, struct fmp_dev *fmp,
			  struct fmp_local_index *local)
{
	struct fmp_peer *peer;
	int err;

	peer = fmp_nl_peer(fmp, info, FMP_A_HANDSHAKE_PUBLIC_KEY);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = fmp_index_reserve(&fmp->indices, peer, local);
	if (err == -ENOSPC)
		GENL_SET_ERR_MSG(info, "The peer has as many reserved indices as it may have");
	return err;
}

static int fmp_nl_reply_reserved(struct genl_info *info, struct sk_buff *reply,
				 const struct fmp_nl_header *header,
				 u32 ifindex, struct fmp_local_index local)
{
	void *msg;

	msg = genlmsg_put(reply, header->portid, header->seq, &fmp_nl_family,
			  header->flags, header->cmd);
	if (!msg ||
	    nla_put_u32(reply, FMP_A_HANDSHAKE_IFINDEX, ifindex) ||
	    nla_put_u32(reply, FMP_A_HANDSHAKE_LOCAL_INDEX, local.value))
		return fmp_nl_reply_end(info, reply, -EMSGSIZE);
	genlmsg_end(reply, msg);
	return fmp_nl_reply_end(info, reply, 0);
}

/**
 * fmp_nl_index_reserve_doit() - reserve a receiver index for a handshake
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, -ENOSPC if it has as many as
 * it may have, or another negative error.
 */
int fmp_nl_index_reserve_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_local_index local;
	struct fmp_nl_header header;
	struct sk_buff *reply;
	struct fmp_dev *fmp;
	u32 ifindex;
	int err;

	/* Without memory for the reply nothing must be reserved. */
	reply = fmp_nl_reply_begin(info, FMP_CMD_INDEX_RESERVE, &header);
	if (!reply)
		return -ENOMEM;
	fmp = fmp_nl_lock_dev(info, FMP_A_HANDSHAKE_IFINDEX);
	if (IS_ERR(fmp))
		return fmp_nl_reply_end(info, reply, PTR_ERR(fmp));

	ifindex = fmp->dev->ifindex;
	err = fmp_nl_reserve(info, fmp, &local);
	fmp_nl_unlock_dev(fmp);
	if (err)
		return fmp_nl_reply_end(info, reply, err);
	return fmp_nl_reply_reserved(info, reply, &header, ifindex, local);
}

/**
 * fmp_nl_index_release_doit() - give a reserved index back
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if the index is not reserved, or another negative error.
 */
int fmp_nl_index_release_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *attr;
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_HANDSHAKE_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);

	err = -EINVAL;
	if (GENL_REQ_ATTR_CHECK(info, FMP_A_HANDSHAKE_LOCAL_INDEX)) {
		GENL_SET_ERR_MSG(info, "Attribute local-index is missing");
		goto unlock;
	}
	attr = info->attrs[FMP_A_HANDSHAKE_LOCAL_INDEX];
	err = fmp_index_give_back(&fmp->indices, (struct fmp_local_index){
		nla_get_u32(attr)
	});
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "The index is not reserved");
unlock:
	fmp_nl_unlock_dev(fmp);
	return err;
}

/* As strict as on receive: what others would drop is not sent. */
static int fmp_nl_check_frame(struct genl_info *info)
{
	const struct nlattr *frame;
	enum fmp_verdict verdict;

	if (GENL_REQ_ATTR_CHECK(info, FMP_A_HANDSHAKE_FRAME)) {
		GENL_SET_ERR_MSG(info, "Attribute frame is missing");
		return -EINVAL;
	}
	frame = info->attrs[FMP_A_HANDSHAKE_FRAME];
	verdict = fmp_wire_check(nla_data(frame), nla_len(frame));
	if (verdict != FMP_OK_MSG1 && verdict != FMP_OK_MSG2) {
		NL_SET_ERR_MSG_ATTR(info->extack, frame,
				    "Not a handshake message");
		return -EINVAL;
	}
	return 0;
}

static int fmp_nl_local(struct genl_info *info, struct fmp_endpoint *endpoint)
{
	const struct nlattr *v4 = info->attrs[FMP_A_HANDSHAKE_LOCAL_IPV4];
	const struct nlattr *v6 = info->attrs[FMP_A_HANDSHAKE_LOCAL_IPV6];
	bool is_v4 = endpoint->remote.sa.sa_family == AF_INET;

	if (is_v4 ? v6 : v4) {
		GENL_SET_ERR_MSG(info, "Local address and endpoint are of different families");
		return -EINVAL;
	}
	if (v4)
		endpoint->local4.s_addr = nla_get_in_addr(v4);
	else if (v6)
		endpoint->local6 = nla_get_in6_addr(v6);
	return 0;
}

static struct fmp_endpoint *fmp_nl_path(struct genl_info *info)
{
	struct fmp_endpoint *endpoint;
	union fmp_sockaddr remote;
	int err;

	err = fmp_nl_remote(info, &fmp_nl_handshake_endpoint, &remote);
	if (err == -ENODATA) {
		GENL_SET_ERR_MSG(info, "endpoint-ipv4 or endpoint-ipv6 is missing");
		err = -EINVAL;
	}
	if (err)
		return ERR_PTR(err);
	endpoint = fmp_endpoint_new(&remote, GFP_KERNEL);
	if (!endpoint)
		return ERR_PTR(-ENOMEM);
	err = fmp_nl_local(info, endpoint);
	if (err) {
		fmp_endpoint_free(endpoint);
		return ERR_PTR(err);
	}
	return endpoint;
}

static int fmp_nl_handshake_send(struct genl_info *info, struct fmp_dev *fmp)
{
	struct fmp_endpoint *endpoint;
	const struct nlattr *frame;
	int err;

	err = fmp_nl_check_frame(info);
	if (err)
		return err;
	endpoint = fmp_nl_path(info);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	frame = info->attrs[FMP_A_HANDSHAKE_FRAME];
	if (fmp->up) {
		err = fmp_handshake_send(fmp, endpoint, nla_data(frame),
					 nla_len(frame));
	} else {
		GENL_SET_ERR_MSG(info, "Device is down");
		err = -ENETDOWN;
	}
	fmp_endpoint_free(endpoint);
	return err;
}

/**
 * fmp_nl_handshake_send_doit() - send a handshake message
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0 if it was handed to the IP layer, -EINVAL if it is none,
 * -ENETDOWN if the device is down, or another negative error.
 */
int fmp_nl_handshake_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_HANDSHAKE_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_nl_handshake_send(info, fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}

static int fmp_nl_read_report(struct genl_info *info,
			      struct fmp_handshake_report *report)
{
	const struct nlattr *cause = info->attrs[FMP_A_HANDSHAKE_CAUSE];
	bool failed;

	if (GENL_REQ_ATTR_CHECK(info, FMP_A_HANDSHAKE_EVENT)) {
		GENL_SET_ERR_MSG(info, "Attribute event is missing");
		return -EINVAL;
	}
	report->event = nla_get_u8(info->attrs[FMP_A_HANDSHAKE_EVENT]);
	failed = report->event == FMP_HANDSHAKE_EVENT_FAILED;
	if (failed != !!cause) {
		GENL_SET_ERR_MSG(info, "A failure has a cause, and nothing else has");
		return -EINVAL;
	}
	report->cause = cause ? nla_get_u8(cause) : 0;
	return 0;
}

/* In the order of either enum. */
static enum fmp_peer_stat
fmp_nl_report_stat(const struct fmp_handshake_report *report)
{
	if (report->event == FMP_HANDSHAKE_EVENT_FAILED)
		return FMP_PEER_HANDSHAKE_FAILED_TIMEOUT + report->cause;
	return FMP_PEER_HANDSHAKE_STARTED + report->event;
}

static int fmp_nl_report(struct genl_info *info, struct fmp_dev *fmp)
{
	struct fmp_handshake_report report;
	struct fmp_peer *peer;
	int err;

	peer = fmp_nl_peer(fmp, info, FMP_A_HANDSHAKE_PUBLIC_KEY);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = fmp_nl_read_report(info, &report);
	if (err)
		return err;
	err = fmp_peer_count_handshake(peer, fmp_nl_report_stat(&report));
	if (err)
		return err;
	fmp_notify_handshake(peer, &report);
	return 0;
}

/**
 * fmp_nl_handshake_report_doit() - tell what became of a handshake
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, -ENOENT if there is no such peer, or another negative error.
 */
int fmp_nl_handshake_report_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fmp_dev *fmp;
	int err;

	fmp = fmp_nl_lock_dev(info, FMP_A_HANDSHAKE_IFINDEX);
	if (IS_ERR(fmp))
		return PTR_ERR(fmp);
	err = fmp_nl_report(info, fmp);
	fmp_nl_unlock_dev(fmp);
	return err;
}
