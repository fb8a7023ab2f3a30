// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel tells, for the engine.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "agent-internal.h"
#include "fail.h"
#include "names.h"

static void tell_peer(struct agent *agent, const struct peer *peer)
{
	const struct engine_peer_info info = {
		.key = peer->public_key,
		.has_endpoint = peer_has_endpoint(peer),
		.endpoint = peer->endpoint,
		.name = peer->endpoint_name,
		.auto_connect = HAS(peer, FMP_A_PEER_AUTO_CONNECT) && peer->auto_connect,
		.dynamic = HAS(peer, FMP_A_PEER_DYNAMIC),
		.epoch = HAS(peer, FMP_A_PEER_EPOCH) ? peer->epoch : NULL,
	};

	engine_peer_seen(agent->engine, &info);
}

static struct engine_session_info info_of(const struct session *session)
{
	return (struct engine_session_info){
		.key = session->public_key,
		.local = session->local_index,
		.remote = session->remote_index,
		.slot = session->slot,
		.initiator = HAS(session, FMP_A_SESSION_INITIATOR),
		.proven = HAS(session, FMP_A_SESSION_RECEIVE_HIGHEST),
		.epoch = HAS(session, FMP_A_SESSION_EPOCH) ? session->epoch : NULL,
		.age_ms = session->age_ms,
	};
}

static void tell_session(struct agent *agent, const struct session *session)
{
	const struct engine_session_info info = info_of(session);

	engine_session_seen(agent->engine, &info);
}

static void peer_down(struct agent *agent, const struct peer *peer)
{
	agent_log(agent_now_ms(), peer->public_key, "is down: %s", peer_reason_name(peer));
	if (HAS(peer, FMP_A_PEER_DOWN_REASON) && peer->down_reason == FMP_DOWN_REASON_WIPED)
		engine_peer_wiped(agent->engine, peer->public_key);
}

static int peer_event(struct agent *agent, uint8_t command, const struct nlmsghdr *msg)
{
	struct peer peer = { 0 };
	int err = peer_decode(&peer, msg);

	if (!err && peer.ifindex == agent->target.ifindex) {
		if (command == FMP_CMD_PEER_DEL_NTF)
			engine_peer_gone(agent->engine, peer.public_key);
		else if (command == FMP_CMD_REKEY_NEEDED_NTF)
			engine_rekey_needed(agent->engine, peer.public_key, peer.rekey_reason);
		else if (command == FMP_CMD_PEER_DOWN_NTF)
			peer_down(agent, &peer);
		else
			tell_peer(agent, &peer);
	}
	peer_release(&peer);
	return err;
}

static int device_event(struct agent *agent, const struct nlmsghdr *msg)
{
	struct device device = { 0 };
	int err = device_decode(&device, msg);

	if (!err && device.ifindex == agent->target.ifindex && HAS(&device, FMP_A_DEV_FWMARK))
		resolver_set_mark(agent->resolver, device.fwmark);
	device_release(&device);
	return err;
}

static int session_event(struct agent *agent, uint8_t command, const struct nlmsghdr *msg)
{
	struct session session = { 0 };
	struct engine_session_info info;
	int err = session_decode(&session, msg);

	if (err || session.ifindex != agent->target.ifindex)
		return err;
	info = info_of(&session);
	if (command == FMP_CMD_SESSION_DEL_NTF)
		engine_session_gone(agent->engine, info.key, info.local);
	else if (command == FMP_CMD_SESSION_CUTOVER_NTF)
		engine_session_cutover(agent->engine, &info);
	else
		engine_session_seen(agent->engine, &info);
	return 0;
}

static int frame_event(struct agent *agent, const struct nlmsghdr *msg)
{
	struct handshake handshake = { 0 };
	int err = handshake_decode(&handshake, msg);

	if (err || handshake.ifindex != agent->target.ifindex ||
	    !HAS(&handshake, FMP_A_HANDSHAKE_FRAME))
		return err;
	engine_frame(agent->engine, handshake.frame, handshake.frame_len, &handshake.path,
		     HAS(&handshake, FMP_A_HANDSHAKE_KNOWN));
	return 0;
}

static int take_event(struct agent *agent, uint8_t command, const struct nlmsghdr *msg)
{
	switch (command) {
	case FMP_CMD_DEV_SET_NTF:
		return device_event(agent, msg);
	case FMP_CMD_PEER_NEW_NTF:
	case FMP_CMD_PEER_SET_NTF:
	case FMP_CMD_PEER_ENDPOINT_NTF:
	case FMP_CMD_PEER_DEL_NTF:
	case FMP_CMD_PEER_DOWN_NTF:
	case FMP_CMD_REKEY_NEEDED_NTF:
		return peer_event(agent, command, msg);
	case FMP_CMD_SESSION_NEW_NTF:
	case FMP_CMD_SESSION_DEL_NTF:
	case FMP_CMD_SESSION_CUTOVER_NTF:
		return session_event(agent, command, msg);
	case FMP_CMD_HANDSHAKE_FRAME_NTF:
		return frame_event(agent, msg);
	}
	return 0;
}

int agent_take_event(const struct nlmsghdr *msg, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	struct agent *agent = arg;

	engine_clock(agent->engine, agent_now_ms());
	/* What cannot be read has to be looked at as a whole. */
	if (take_event(agent, genl->cmd, msg))
		agent->lost = true;
	return 0;
}

static int read_mark(struct agent *agent)
{
	struct devices devices;
	int status = kernel_device(agent->requests, &agent->target, &devices);

	if (status)
		return status;
	resolver_set_mark(agent->resolver, devices.list->fwmark);
	devices_release(&devices);
	return STATUS_OK;
}

int agent_resync(struct agent *agent)
{
	struct sessions sessions = { 0 };
	struct peers peers = { 0 };
	size_t i;
	int status;

	/* Before the first name is asked for. */
	status = read_mark(agent);
	if (!status)
		status = kernel_peers(agent->requests, &agent->target, &peers);
	if (!status)
		status = kernel_sessions(agent->requests, &agent->target, &sessions);
	if (!status) {
		engine_clock(agent->engine, agent_now_ms());
		engine_resync_begin(agent->engine);
		for (i = 0; i < peers.count; i++)
			tell_peer(agent, &peers.list[i]);
		for (i = 0; i < sessions.count; i++)
			tell_session(agent, &sessions.list[i]);
		engine_resync_end(agent->engine);
	}
	sessions_release(&sessions);
	peers_release(&peers);
	return status;
}

/* Ends when the device goes or moves to another namespace, pauses while it is down. */
static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(msg);
	struct agent *agent = arg;

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*link) ||
	    link->ifi_index != (int)agent->target.ifindex)
		return MNL_CB_OK;
	if (msg->nlmsg_type == RTM_DELLINK) {
		agent->gone = true;
	} else if (msg->nlmsg_type == RTM_NEWLINK) {
		engine_clock(agent->engine, agent_now_ms());
		engine_set_running(agent->engine, link->ifi_flags & IFF_UP);
	}
	return MNL_CB_OK;
}

static int ask_link(struct agent *agent)
{
	char buffer[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(msg, sizeof(*link));

	msg->nlmsg_type = RTM_GETLINK;
	msg->nlmsg_flags = NLM_F_REQUEST;
	link->ifi_index = (int)agent->target.ifindex;
	return mnl_socket_sendto(agent->links, msg, msg->nlmsg_len) < 0 ? -errno : 0;
}

int agent_open_links(struct agent *agent)
{
	agent->links = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!agent->links || mnl_socket_bind(agent->links, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return refused("cannot listen for devices: %s", strerror(errno));
	ask_link(agent);
	return STATUS_OK;
}

void agent_take_links(struct agent *agent)
{
	static char buffer[32768];
	char name[IF_NAMESIZE];
	ssize_t len;

	for (;;) {
		len = mnl_socket_recvfrom(agent->links, buffer, sizeof(buffer));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			break;
		mnl_cb_run(buffer, (size_t)len, 0, 0, take_link, agent);
	}
	if (errno != EAGAIN) {
		/* Something was missed. */
		ask_link(agent);
		if (!if_indextoname(agent->target.ifindex, name))
			agent->gone = true;
	}
}
