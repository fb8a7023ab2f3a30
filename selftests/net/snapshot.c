// SPDX-License-Identifier: GPL-2.0
/*
 * All that the kernel tells of the devices of a namespace, but for what changes by itself.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/fmp.h>

#include "bus.h"
#include "findings.h"
#include "mutant.h"
#include "snapshot.h"

/* What time, and packets that the system sends, change. */
static const uint16_t dev_moves[] = { FMP_A_DEV_COUNTER, 0 };
static const uint16_t peer_moves[] = {
	FMP_A_PEER_RX_PACKETS, FMP_A_PEER_RX_BYTES, FMP_A_PEER_TX_PACKETS, FMP_A_PEER_TX_BYTES,
	FMP_A_PEER_LAST_RX_MS, FMP_A_PEER_COUNTER, FMP_A_PEER_HANDSHAKE_MS, FMP_A_PEER_STATE_MS,
	FMP_A_PEER_METRICS, 0,
};
static const uint16_t session_moves[] = {
	FMP_A_SESSION_AGE_MS, FMP_A_SESSION_REKEY_MS, FMP_A_SESSION_SEND_COUNTER, 0,
};

struct request {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	struct nlattr attr;
	uint32_t ifindex;
};

struct listing {
	FILE *file;
	const uint16_t *moves;
	struct mutant_world *world;
	uint32_t most[512];
	unsigned int n;
};

/**
 * snapshot_open() - open sockets, where we are
 */
void snapshot_open(struct snapshot *snapshot)
{
	snapshot->genl = bus_open(NETLINK_GENERIC);
	snapshot->route = bus_open(NETLINK_ROUTE);
	snapshot->family = bus_family(snapshot->genl, FMP_FAMILY_NAME);
}

typedef void (*attr_fn)(const struct nlattr *attr, struct listing *listing);

static void each_attr(const void *from, const void *end, attr_fn fn, struct listing *listing)
{
	const char *at = from;
	struct nlattr head;

	while ((const char *)end - at >= NLA_HDRLEN) {
		memcpy(&head, at, sizeof(head));
		if (head.nla_len < NLA_HDRLEN || head.nla_len > (const char *)end - at)
			return;
		fn((const void *)at, listing);
		at += NLA_ALIGN(head.nla_len);
	}
}

static bool moves(uint16_t type, const uint16_t *list)
{
	for (; *list; list++)
		if (*list == (type & NLA_TYPE_MASK))
			return true;
	return false;
}

static void print_attr(const struct nlattr *attr, struct listing *listing)
{
	const uint8_t *bytes = (const void *)attr;
	unsigned int i;

	if (moves(attr->nla_type, listing->moves))
		return;
	fputc(' ', listing->file);
	for (i = 0; i < attr->nla_len; i++)
		fprintf(listing->file, "%02x", bytes[i]);
}

static void keep_ifindex(const struct nlattr *attr, struct listing *listing)
{
	if (attr->nla_type == FMP_A_DEV_IFINDEX && listing->n < 512)
		memcpy(&listing->most[listing->n++], attr + 1, sizeof(uint32_t));
}

static const void *attrs_of(const struct nlmsghdr *msg)
{
	return (const char *)NLMSG_DATA(msg) + GENL_HDRLEN;
}

static void list_device(const struct nlmsghdr *msg, void *arg)
{
	if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
		each_attr(attrs_of(msg), (const char *)msg + msg->nlmsg_len, keep_ifindex, arg);
}

static void print(const struct nlmsghdr *msg, void *arg)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);
	struct listing *listing = arg;

	if (msg->nlmsg_type < NLMSG_MIN_TYPE)
		return;
	fprintf(listing->file, "# %u", genl->cmd);
	each_attr(attrs_of(msg), (const char *)msg + msg->nlmsg_len, print_attr, listing);
	fputc('\n', listing->file);
}

static int ask(const struct snapshot *snapshot, uint8_t cmd, uint32_t ifindex, bus_fn fn,
	       struct listing *listing)
{
	struct request request = {
		.head = { sizeof(request), snapshot->family, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
		.genl = { .cmd = cmd, .version = FMP_FAMILY_VERSION },
		.attr = { NLA_HDRLEN + sizeof(uint32_t), FMP_A_DEV_IFINDEX },
		.ifindex = ifindex,
	};

	if (!ifindex)
		request.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	return bus_ask(snapshot->genl, &request, request.head.nlmsg_len, fn, listing);
}

/* What was not told would look like nothing. */
static void must(int answer)
{
	if (!answer)
		return;
	findings_add("what there is was not told: %s",
		     answer > 0 ? strerror(answer) : "no answer, or too many");
	exit(3);
}

static bool kind_is_fmp;

static void look_at_kind(const struct nlattr *attr, struct listing *listing)
{
	(void)listing;
	if (attr->nla_type == IFLA_INFO_KIND)
		kind_is_fmp = !strcmp((const char *)(attr + 1), "fmp");
}

static void look_for_info(const struct nlattr *attr, struct listing *listing)
{
	if (attr->nla_type == IFLA_LINKINFO)
		each_attr(attr + 1, (const char *)attr + attr->nla_len, look_at_kind, listing);
}

static void print_info(const struct nlattr *attr, struct listing *listing)
{
	if (attr->nla_type == IFLA_INFO_DATA)
		print_attr(attr, listing);
}

static void print_link_attr(const struct nlattr *attr, struct listing *listing)
{
	switch (attr->nla_type) {
	case IFLA_IFNAME:
	case IFLA_MTU:
	case IFLA_GROUP:
		print_attr(attr, listing);
		break;
	case IFLA_LINKINFO:
		each_attr(attr + 1, (const char *)attr + attr->nla_len, print_info, listing);
	}
}

static void print_link(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *link = NLMSG_DATA(msg);
	struct listing *listing = arg;

	if (msg->nlmsg_type != RTM_NEWLINK)
		return;
	kind_is_fmp = false;
	each_attr(link + 1, (const char *)msg + msg->nlmsg_len, look_for_info, listing);
	/* Others change by themselves. */
	if (!kind_is_fmp)
		return;
	fprintf(listing->file, "# link %d %x", link->ifi_index, link->ifi_flags);
	each_attr(link + 1, (const char *)msg + msg->nlmsg_len, print_link_attr, listing);
	fputc('\n', listing->file);
}

static void print_links(const struct snapshot *snapshot, struct listing *listing)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} request = {
		.head = { sizeof(request), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
	};

	must(bus_ask(snapshot->route, &request, sizeof(request), print_link, listing));
}

/**
 * snapshot_take() - write down what there is
 *
 * Return: Lines, each for itself a comment, to be freed by the caller.
 */
char *snapshot_take(const struct snapshot *snapshot)
{
	struct listing listing = { 0 };
	char *text = NULL;
	unsigned int i;
	size_t len;

	listing.file = open_memstream(&text, &len);
	must(listing.file ? 0 : ENOMEM);
	must(ask(snapshot, FMP_CMD_DEV_GET, 0, list_device, &listing));
	listing.moves = dev_moves;
	must(ask(snapshot, FMP_CMD_DEV_GET, 0, print, &listing));
	for (i = 0; i < listing.n; i++) {
		listing.moves = peer_moves;
		must(ask(snapshot, FMP_CMD_PEER_GET, listing.most[i], print, &listing));
		listing.moves = session_moves;
		must(ask(snapshot, FMP_CMD_SESSION_GET, listing.most[i], print, &listing));
	}
	listing.moves = (const uint16_t[]){ 0 };
	print_links(snapshot, &listing);
	fclose(listing.file);
	return text;
}

/**
 * snapshot_devices() - look which devices there are
 */
void snapshot_devices(const struct snapshot *snapshot, struct mutant_world *world)
{
	struct listing listing = { 0 };

	ask(snapshot, FMP_CMD_DEV_GET, 0, list_device, &listing);
	for (world->n = 0; world->n < listing.n && world->n < MUTANT_DEVICES; world->n++)
		world->ifindex[world->n] = listing.most[world->n];
}

/* --- clearing up */

static void keep_key(const struct nlattr *attr, struct listing *listing)
{
	if (attr->nla_type == FMP_A_PEER_PUBLIC_KEY &&
	    attr->nla_len == NLA_HDRLEN + FMP_PUBLIC_KEY_SIZE)
		fwrite(attr + 1, 1, FMP_PUBLIC_KEY_SIZE, listing->file);
}

static void list_key(const struct nlmsghdr *msg, void *arg)
{
	if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
		each_attr(attrs_of(msg), (const char *)msg + msg->nlmsg_len, keep_key, arg);
}

static void del_peer(const struct snapshot *snapshot, uint32_t ifindex, const char *key)
{
	struct {
		struct request to;
		struct nlattr attr;
		uint8_t key[FMP_PUBLIC_KEY_SIZE];
	} request = {
		.to = {
			.head = {
				sizeof(request), snapshot->family, NLM_F_REQUEST | NLM_F_ACK, 0, 0,
			},
			.genl = { .cmd = FMP_CMD_PEER_DEL, .version = FMP_FAMILY_VERSION },
			.attr = { NLA_HDRLEN + sizeof(uint32_t), FMP_A_PEER_IFINDEX },
			.ifindex = ifindex,
		},
		.attr = { NLA_HDRLEN + FMP_PUBLIC_KEY_SIZE, FMP_A_PEER_PUBLIC_KEY },
	};

	memcpy(request.key, key, sizeof(request.key));
	bus_ask(snapshot->genl, &request, sizeof(request), NULL, NULL);
}

/**
 * snapshot_clear() - remove all peers of all devices
 */
void snapshot_clear(const struct snapshot *snapshot)
{
	struct listing devices = { 0 }, peers = { 0 };
	char *keys = NULL;
	size_t len = 0, at;
	unsigned int i;

	ask(snapshot, FMP_CMD_DEV_GET, 0, list_device, &devices);
	for (i = 0; i < devices.n; i++) {
		peers.file = open_memstream(&keys, &len);
		ask(snapshot, FMP_CMD_PEER_GET, devices.most[i], list_key, &peers);
		fclose(peers.file);
		for (at = 0; at + FMP_PUBLIC_KEY_SIZE <= len; at += FMP_PUBLIC_KEY_SIZE)
			del_peer(snapshot, devices.most[i], keys + at);
		free(keys);
	}
}
