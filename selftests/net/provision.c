// SPDX-License-Identifier: GPL-2.0
/*
 * Peers and sessions that are in order, for requests to be about.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include <linux/fmp.h>

#include "bus.h"
#include "provision.h"

/* Beyond those that requests choose from. */
#define KEYS_FROM	1000

struct request {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	uint8_t attrs[256];
};

static void begin(struct request *request, const struct mutant_world *world, uint8_t cmd)
{
	request->head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.nlmsg_type = world->family,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	request->genl = (struct genlmsghdr){ .cmd = cmd, .version = FMP_FAMILY_VERSION };
}

static void put(struct request *request, uint16_t type, const void *data, size_t len)
{
	struct nlattr head = { NLA_HDRLEN + len, type };
	uint8_t *to = (uint8_t *)request + request->head.nlmsg_len;

	memcpy(to, &head, sizeof(head));
	memcpy(to + NLA_HDRLEN, data, len);
	request->head.nlmsg_len += NLA_ALIGN(head.nla_len);
}

static void learn(const struct nlmsghdr *msg, void *arg)
{
	struct mutant_world *world = arg;

	if (msg->nlmsg_type == world->family)
		mutant_learn(world, msg);
}

static void add_peer(int fd, struct mutant_world *world, uint32_t ifindex, const uint8_t *key)
{
	const uint32_t address = htonl(0x0a000202);
	const uint16_t port = htons(2121);
	struct request request;

	begin(&request, world, FMP_CMD_PEER_NEW);
	put(&request, FMP_A_PEER_IFINDEX, &ifindex, sizeof(ifindex));
	put(&request, FMP_A_PEER_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
	put(&request, FMP_A_PEER_ENDPOINT_IPV4, &address, sizeof(address));
	put(&request, FMP_A_PEER_ENDPOINT_PORT, &port, sizeof(port));
	bus_ask(fd, &request, request.head.nlmsg_len, NULL, NULL);
}

static void add_session(int fd, struct mutant_world *world, uint32_t ifindex, const uint8_t *key)
{
	static unsigned int n_keys = KEYS_FROM;
	struct request request;
	uint8_t secret[FMP_KEY_SIZE];

	begin(&request, world, FMP_CMD_SESSION_NEW);
	put(&request, FMP_A_SESSION_IFINDEX, &ifindex, sizeof(ifindex));
	put(&request, FMP_A_SESSION_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
	put(&request, FMP_A_SESSION_REMOTE_INDEX, &n_keys, sizeof(n_keys));
	mutant_session_key(secret, n_keys++);
	put(&request, FMP_A_SESSION_SEND_KEY, secret, sizeof(secret));
	mutant_session_key(secret, n_keys++);
	put(&request, FMP_A_SESSION_RECEIVE_KEY, secret, sizeof(secret));
	bus_ask(fd, &request, request.head.nlmsg_len, learn, world);
}

/**
 * provision() - see to it that one of the peers is there, and give it a session
 * @chance: which
 */
void provision(int fd, struct mutant_world *world, uint64_t chance)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	uint32_t ifindex;

	if (!world->n)
		return;
	/* Half of the time where most happens. */
	ifindex = world->ifindex[chance & 1 ? 0 : (chance >> 8) % world->n];
	mutant_peer_key(key, (chance >> 16) % MUTANT_PEERS);
	add_peer(fd, world, ifindex, key);
	add_session(fd, world, ifindex, key);
}
