// SPDX-License-Identifier: GPL-2.0
/* The operations of an agent. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "fail.h"
#include "kernel.h"

/* The type of the link message (spec 2.5). */
#define LINK_DISCONNECT 0x50

static int bind_role(struct nl *nl, uint8_t command, const struct target *target)
{
	struct message msg;
	int err;

	message_init(&msg, command);
	put_u32(&msg, FMP_A_DEV_IFINDEX, target->ifindex);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

int kernel_agent_bind(struct nl *nl, const struct target *target)
{
	int err = bind_role(nl, FMP_CMD_AGENT_BIND, target);

	if (err == -EBUSY)
		return refused_word(target->name, "another agent serves the device");
	if (err)
		return nl_refused(nl, err, "cannot become the agent of '%s'", target->name);
	return STATUS_OK;
}

static int take_session(const struct nlmsghdr *reply, void *arg)
{
	return session_decode(arg, reply);
}

int kernel_try_session(struct nl *nl, const struct target *target, uint32_t local_index,
		       struct session *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_SESSION_GET);
	put_u32(&msg, FMP_A_SESSION_IFINDEX, target->ifindex);
	put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, local_index);
	err = nl_do(nl, &msg, take_session, out);
	message_free(&msg);
	return err;
}

int kernel_agent_unbind(struct nl *nl, const struct target *target)
{
	return bind_role(nl, FMP_CMD_AGENT_UNBIND, target);
}

static void put_handshake(struct message *msg, const struct target *target, const uint8_t *key)
{
	put_u32(msg, FMP_A_HANDSHAKE_IFINDEX, target->ifindex);
	put_data(msg, FMP_A_HANDSHAKE_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
}

static int take_reservation(const struct nlmsghdr *reply, void *arg)
{
	struct handshake handshake = { 0 };
	uint32_t *index = arg;
	int err = handshake_decode(&handshake, reply);

	if (err)
		return err;
	if (!HAS(&handshake, FMP_A_HANDSHAKE_LOCAL_INDEX))
		return -EBADMSG;
	*index = handshake.local_index;
	return 0;
}

int kernel_index_reserve(struct nl *nl, const struct target *target, const uint8_t *key,
			 uint32_t *local_index)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_INDEX_RESERVE);
	put_handshake(&msg, target, key);
	err = nl_do(nl, &msg, take_reservation, local_index);
	message_free(&msg);
	return err;
}

int kernel_index_release(struct nl *nl, const struct target *target, uint32_t local_index)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_INDEX_RELEASE);
	put_u32(&msg, FMP_A_HANDSHAKE_IFINDEX, target->ifindex);
	put_u32(&msg, FMP_A_HANDSHAKE_LOCAL_INDEX, local_index);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

static void put_path(struct message *msg, const struct path *path)
{
	const struct endpoint *remote = &path->remote;
	const struct address *local = &path->local;

	put_u16(msg, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(remote->port));
	if (remote->address.family == AF_INET) {
		put_data(msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4, &remote->address.v4,
			 sizeof(remote->address.v4));
	} else {
		put_data(msg, FMP_A_HANDSHAKE_ENDPOINT_IPV6, &remote->address.v6,
			 sizeof(remote->address.v6));
		if (remote->scope_id)
			put_u32(msg, FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID, remote->scope_id);
	}
	if (local->family == AF_INET)
		put_data(msg, FMP_A_HANDSHAKE_LOCAL_IPV4, &local->v4, sizeof(local->v4));
	else if (local->family == AF_INET6)
		put_data(msg, FMP_A_HANDSHAKE_LOCAL_IPV6, &local->v6, sizeof(local->v6));
}

int kernel_handshake_send(struct nl *nl, const struct target *target, const uint8_t *frame,
			  size_t len, const struct path *path)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_HANDSHAKE_SEND);
	put_u32(&msg, FMP_A_HANDSHAKE_IFINDEX, target->ifindex);
	put_data(&msg, FMP_A_HANDSHAKE_FRAME, frame, len);
	put_path(&msg, path);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

int kernel_handshake_report(struct nl *nl, const struct target *target, const uint8_t *key,
			    enum fmp_handshake_event event, enum fmp_handshake_cause cause)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_HANDSHAKE_REPORT);
	put_handshake(&msg, target, key);
	put_u8(&msg, FMP_A_HANDSHAKE_EVENT, event);
	if (event == FMP_HANDSHAKE_EVENT_FAILED)
		put_u8(&msg, FMP_A_HANDSHAKE_CAUSE, cause);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

int kernel_link_send(struct nl *nl, const struct target *target, const uint8_t *key,
		     const void *payload, size_t len)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_LINK_SEND);
	put_u32(&msg, FMP_A_MESSAGE_IFINDEX, target->ifindex);
	put_data(&msg, FMP_A_MESSAGE_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
	put_data(&msg, FMP_A_MESSAGE_PAYLOAD, payload, len);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

int kernel_disconnect(struct nl *nl, const struct target *target, const uint8_t *key,
		      enum disconnect_reason reason)
{
	const uint8_t message[] = { LINK_DISCONNECT, reason };

	return kernel_link_send(nl, target, key, message, sizeof(message));
}
