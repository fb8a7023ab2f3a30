// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a netlink message.  The first byte says of what they are: a device, a peer
 * or a session.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "object.h"
#include "print.h"
#include "util.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* What would be printed is of no interest, that it can be is. */
	MUST(freopen("/dev/null", "w", stdout));
	return 0;
}

static void put_json(struct json_object *object)
{
	MUST(object && json_object_to_json_string(object));
	json_object_put(object);
}

static void check_counters(const struct counters *counters)
{
	size_t i;

	for (i = 0; i < counters->count; i++)
		MUST(counters->list[i].name);
}

static void read_device(const struct nlmsghdr *msg)
{
	struct device device = { 0 };

	if (device_decode(&device, msg) == 0) {
		MUST(HAS(&device, FMP_A_DEV_IFINDEX));
		check_counters(&device.counters);
		put_json(json_device(&device));
		put_json(json_counters(&device.counters));
		print_device(&device);
		print_counters(&device);
	}
	device_release(&device);
}

static void read_peer(const struct nlmsghdr *msg)
{
	struct sessions sessions = { 0 };
	struct peer peer = { 0 };
	size_t i;

	if (peer_decode(&peer, msg) == 0) {
		MUST(HAS(&peer, FMP_A_PEER_PUBLIC_KEY));
		check_counters(&peer.counters);
		for (i = 0; i < peer.address_count; i++)
			MUST(peer.addresses[i].family);
		put_json(json_peer(&peer, &sessions));
		print_peer(&peer, &sessions);
	}
	peer_release(&peer);
}

static void read_session(const struct nlmsghdr *msg)
{
	struct session session = { 0 };

	if (session_decode(&session, msg) == 0) {
		MUST(HAS(&session, FMP_A_SESSION_LOCAL_INDEX));
		put_json(json_session(&session));
		print_session(&session, "");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const struct nlmsghdr *) = {
		read_device, read_peer, read_session,
	};
	struct nlmsghdr *msg;
	size_t len;

	if (!size)
		return 0;
	len = NLMSG_HDRLEN + GENL_HDRLEN + size - 1;
	msg = xcalloc(1, len);
	msg->nlmsg_len = (uint32_t)len;
	memcpy((char *)msg + NLMSG_HDRLEN + GENL_HDRLEN, data + 1, size - 1);
	readers[data[0] % ARRAY_SIZE(readers)](msg);
	free(msg);
	return 0;
}
