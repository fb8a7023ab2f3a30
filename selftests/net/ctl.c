// SPDX-License-Identifier: GPL-2.0
/*
 * A device, asked and told through netlink by a program that does so often.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define REQUEST_SIZE	4096
#define REPLY_SIZE	65536

unsigned int if_nametoindex(const char *name);

typedef void (*reply_fn)(const struct nlmsghdr *reply, void *arg);

static void fatal(const char *what)
{
	perror(what);
	exit(2);
}

/**
 * netns_open() - get hold of a network namespace
 * @name: as "ip netns" has it, or NULL for the one that we are in
 */
int netns_open(const char *name)
{
	char path[128] = "/proc/thread-self/ns/net";
	int fd;

	if (name)
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fatal(path);
	return fd;
}

/**
 * netns_enter() - go there; sockets stay where they were made
 */
void netns_enter(int fd)
{
	if (setns(fd, CLONE_NEWNET))
		fatal("setns");
}

/* --- messages */

static int talk(struct mnl_socket *to, struct nlmsghdr *request, reply_fn fn, void *arg)
{
	static _Thread_local char buffer[REPLY_SIZE];
	const struct nlmsgerr *error;
	const struct nlmsghdr *reply;
	int len;

	if (mnl_socket_sendto(to, request, request->nlmsg_len) < 0)
		return errno;
	for (;;) {
		len = mnl_socket_recvfrom(to, buffer, sizeof(buffer));
		if (len < 0)
			return errno;
		for (reply = (void *)buffer; mnl_nlmsg_ok(reply, len);
		     reply = mnl_nlmsg_next(reply, &len)) {
			if (reply->nlmsg_type == NLMSG_DONE)
				return 0;
			if (reply->nlmsg_type == NLMSG_ERROR) {
				error = mnl_nlmsg_get_payload(reply);
				return -error->error;
			}
			if (fn)
				fn(reply, arg);
		}
	}
}

static struct nlmsghdr *begin(char *buffer, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl = mnl_nlmsg_put_extra_header(head, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FMP_FAMILY_VERSION;
	return head;
}

static struct nlmsghdr *request(struct ctl *ctl, char *buffer, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *head = begin(buffer, ctl->family, cmd, flags);

	/* The number of the attribute is the same in all sets. */
	mnl_attr_put_u32(head, FMP_A_DEV_IFINDEX, ctl->ifindex);
	return head;
}

static struct mnl_socket *connect_bus(int bus)
{
	struct mnl_socket *s = mnl_socket_open(bus);
	int one = 1;

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID))
		fatal("netlink");
	mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &one, sizeof(one));
	return s;
}

static void read_family(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;
	uint16_t *family = arg;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*family = mnl_attr_get_u16(attr);
}

/**
 * ctl_open() - find a device of the namespace that we are in
 */
void ctl_open(struct ctl *ctl, const char *ifname)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head;

	ctl->genl = connect_bus(NETLINK_GENERIC);
	ctl->route = connect_bus(NETLINK_ROUTE);
	ctl->family = 0;
	head = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(head, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	if (talk(ctl->genl, head, read_family, &ctl->family) || !ctl->family)
		fatal("no family " FMP_FAMILY_NAME);
	ctl->ifindex = if_nametoindex(ifname);
	if (!ctl->ifindex)
		fatal(ifname);
}

/* --- peers */

static void put_endpoint(struct nlmsghdr *head, const struct sockaddr_storage *at)
{
	const struct sockaddr_in6 *ip6 = (const void *)at;
	const struct sockaddr_in *ip4 = (const void *)at;

	if (at->ss_family == AF_INET) {
		mnl_attr_put(head, FMP_A_PEER_ENDPOINT_IPV4, 4, &ip4->sin_addr);
		mnl_attr_put_u16(head, FMP_A_PEER_ENDPOINT_PORT, ip4->sin_port);
	} else if (at->ss_family == AF_INET6) {
		mnl_attr_put(head, FMP_A_PEER_ENDPOINT_IPV6, 16, &ip6->sin6_addr);
		mnl_attr_put_u16(head, FMP_A_PEER_ENDPOINT_PORT, ip6->sin6_port);
	}
}

static int put_peer(struct ctl *ctl, uint8_t cmd, const struct ctl_peer *peer)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, cmd, 0);
	struct nlattr *nest;

	mnl_attr_put(head, FMP_A_PEER_PUBLIC_KEY, sizeof(peer->key), peer->key);
	put_endpoint(head, &peer->endpoint);
	if (cmd == FMP_CMD_PEER_NEW)
		mnl_attr_put_u16(head, FMP_A_PEER_HEARTBEAT, peer->heartbeat);
	if (peer->address && cmd == FMP_CMD_PEER_NEW) {
		nest = mnl_attr_nest_start(head, FMP_A_PEER_ADDRESS);
		mnl_attr_put(head, FMP_A_ADDRESS_IPV4, 4, &peer->address);
		mnl_attr_nest_end(head, nest);
	}
	return talk(ctl->genl, head, NULL, NULL);
}

/**
 * ctl_peer_new() - add a peer
 */
int ctl_peer_new(struct ctl *ctl, const struct ctl_peer *peer)
{
	return put_peer(ctl, FMP_CMD_PEER_NEW, peer);
}

/**
 * ctl_peer_move() - set the endpoint of a peer
 */
int ctl_peer_move(struct ctl *ctl, const struct ctl_peer *peer)
{
	return put_peer(ctl, FMP_CMD_PEER_SET, peer);
}

/**
 * ctl_peer_del() - remove a peer
 */
int ctl_peer_del(struct ctl *ctl, const uint8_t *key)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, FMP_CMD_PEER_DEL, 0);

	mnl_attr_put(head, FMP_A_PEER_PUBLIC_KEY, FMP_PUBLIC_KEY_SIZE, key);
	return talk(ctl->genl, head, NULL, NULL);
}

static void read_endpoint(const struct nlattr *attr, struct sockaddr_storage *at)
{
	struct sockaddr_in6 *ip6 = (void *)at;
	struct sockaddr_in *ip4 = (void *)at;

	switch (mnl_attr_get_type(attr)) {
	case FMP_A_PEER_ENDPOINT_IPV4:
		at->ss_family = AF_INET;
		memcpy(&ip4->sin_addr, mnl_attr_get_payload(attr), 4);
		break;
	case FMP_A_PEER_ENDPOINT_IPV6:
		at->ss_family = AF_INET6;
		memcpy(&ip6->sin6_addr, mnl_attr_get_payload(attr), 16);
		break;
	case FMP_A_PEER_ENDPOINT_PORT:
		/* At the same place in both. */
		ip4->sin_port = mnl_attr_get_u16(attr);
		break;
	}
}

static void read_peer(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;
	struct ctl_peer *peer = arg;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != FMP_A_PEER_RX_PACKETS)
			read_endpoint(attr, &peer->endpoint);
		else if (mnl_attr_get_payload_len(attr) == 8)
			peer->rx_packets = mnl_attr_get_u64(attr);
		else
			peer->rx_packets = mnl_attr_get_u32(attr);
	}
}

/**
 * ctl_peer_get() - look at the peer with the key that is there already
 */
int ctl_peer_get(struct ctl *ctl, struct ctl_peer *peer)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, FMP_CMD_PEER_GET, 0);

	mnl_attr_put(head, FMP_A_PEER_PUBLIC_KEY, sizeof(peer->key), peer->key);
	memset(&peer->endpoint, 0, sizeof(peer->endpoint));
	return talk(ctl->genl, head, read_peer, peer);
}

static void count_reply(const struct nlmsghdr *reply, void *arg)
{
	unsigned int *n = arg;

	(void)reply;
	(*n)++;
}

/**
 * ctl_peers_dump() - look at all peers
 */
int ctl_peers_dump(struct ctl *ctl, unsigned int *n)
{
	char buffer[REQUEST_SIZE];

	*n = 0;
	return talk(ctl->genl, request(ctl, buffer, FMP_CMD_PEER_GET, NLM_F_DUMP), count_reply, n);
}

/* --- sessions */

/**
 * ctl_session_new() - add a session
 */
int ctl_session_new(struct ctl *ctl, const struct ctl_session *session)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, FMP_CMD_SESSION_NEW, 0);

	mnl_attr_put(head, FMP_A_SESSION_PUBLIC_KEY, sizeof(session->peer), session->peer);
	mnl_attr_put_u32(head, FMP_A_SESSION_LOCAL_INDEX, session->local);
	mnl_attr_put_u32(head, FMP_A_SESSION_REMOTE_INDEX, session->remote);
	mnl_attr_put(head, FMP_A_SESSION_SEND_KEY, FMP_KEY_SIZE, session->send);
	mnl_attr_put(head, FMP_A_SESSION_RECEIVE_KEY, FMP_KEY_SIZE, session->receive);
	if (session->initiator)
		mnl_attr_put(head, FMP_A_SESSION_INITIATOR, 0, NULL);
	return talk(ctl->genl, head, NULL, NULL);
}

/**
 * ctl_session_del() - remove a session
 */
int ctl_session_del(struct ctl *ctl, uint32_t local)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, FMP_CMD_SESSION_DEL, 0);

	mnl_attr_put_u32(head, FMP_A_SESSION_LOCAL_INDEX, local);
	return talk(ctl->genl, head, NULL, NULL);
}

static uint64_t get_uint(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

struct sessions {
	const uint8_t *peer;
	struct ctl_session *list;
	unsigned int max, n;
};

static void read_session_attr(const struct nlattr *attr, struct ctl_session *s)
{
	switch (mnl_attr_get_type(attr)) {
	case FMP_A_SESSION_PUBLIC_KEY:
		memcpy(s->peer, mnl_attr_get_payload(attr), sizeof(s->peer));
		break;
	case FMP_A_SESSION_LOCAL_INDEX:
		s->local = get_uint(attr);
		break;
	case FMP_A_SESSION_REMOTE_INDEX:
		s->remote = get_uint(attr);
		break;
	case FMP_A_SESSION_SLOT:
		s->slot = get_uint(attr);
		break;
	case FMP_A_SESSION_K_BIT:
		s->k_bit = get_uint(attr);
		break;
	case FMP_A_SESSION_SEND_COUNTER:
		s->send_counter = get_uint(attr);
		break;
	case FMP_A_SESSION_AGE_MS:
		s->age_ms = get_uint(attr);
		break;
	case FMP_A_SESSION_RECEIVE_HIGHEST:
		s->highest = get_uint(attr);
		break;
	}
}

static void read_session(const struct nlmsghdr *reply, void *arg)
{
	struct ctl_session s = { .slot = -1 };
	struct sessions *found = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		read_session_attr(attr, &s);
	if (found->peer && memcmp(found->peer, s.peer, sizeof(s.peer)))
		return;
	if (found->n < found->max)
		found->list[found->n] = s;
	found->n++;
}

/**
 * ctl_sessions() - list the sessions of a peer, or of all
 * @peer: its key, or NULL
 * @n: how many there are, which may be more than @max
 */
int ctl_sessions(struct ctl *ctl, const uint8_t *peer, struct ctl_session *list,
		 unsigned int max, unsigned int *n)
{
	struct sessions found = { .peer = peer, .list = list, .max = max };
	char buffer[REQUEST_SIZE];
	int err;

	err = talk(ctl->genl, request(ctl, buffer, FMP_CMD_SESSION_GET, NLM_F_DUMP), read_session,
		   &found);
	*n = found.n;
	return err;
}

/* --- the device */

static void read_counter(const struct nlattr *nest, struct ctl_counters *counters)
{
	const struct nlattr *attr;

	if (counters->n == CTL_COUNTERS_MAX)
		return;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == FMP_A_COUNTER_NAME)
			snprintf(counters->at[counters->n].name,
				 sizeof(counters->at[counters->n].name), "%s",
				 mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == FMP_A_COUNTER_VALUE)
			counters->at[counters->n].value = get_uint(attr);
	}
	counters->n++;
}

static void read_counters(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == FMP_A_DEV_COUNTER)
			read_counter(attr, arg);
}

/**
 * ctl_read_counters() - read all counters of the device
 */
int ctl_read_counters(struct ctl *ctl, struct ctl_counters *counters)
{
	char buffer[REQUEST_SIZE];

	counters->n = 0;
	return talk(ctl->genl, request(ctl, buffer, FMP_CMD_DEV_GET, 0), read_counters, counters);
}

/**
 * ctl_set() - change settings of the device
 */
int ctl_set(struct ctl *ctl, const struct ctl_setting *setting)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = request(ctl, buffer, FMP_CMD_DEV_SET, 0);

	if (setting->port >= 0)
		mnl_attr_put_u16(head, FMP_A_DEV_PORT, setting->port);
	if (setting->source_check >= 0)
		mnl_attr_put_u8(head, FMP_A_DEV_SOURCE_CHECK, setting->source_check);
	if (setting->fwmark >= 0)
		mnl_attr_put_u32(head, FMP_A_DEV_FWMARK, setting->fwmark);
	if (setting->multicast >= 0)
		mnl_attr_put_u8(head, FMP_A_DEV_MULTICAST, setting->multicast);
	if (setting->tos >= 0)
		mnl_attr_put_u8(head, FMP_A_DEV_TOS, setting->tos);
	return talk(ctl->genl, head, NULL, NULL);
}

/**
 * ctl_link() - set the device up or down
 */
int ctl_link(struct ctl *ctl, bool up)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;

	head->nlmsg_type = RTM_NEWLINK;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	link = mnl_nlmsg_put_extra_header(head, sizeof(*link));
	link->ifi_index = ctl->ifindex;
	link->ifi_change = IFF_UP;
	link->ifi_flags = up ? IFF_UP : 0;
	return talk(ctl->route, head, NULL, NULL);
}

/**
 * ctl_route() - route a network through the device, again if need be
 * @to: IPv4 network, network order
 */
int ctl_route(struct ctl *ctl, uint32_t to, unsigned int len)
{
	char buffer[REQUEST_SIZE];
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;

	head->nlmsg_type = RTM_NEWROUTE;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	route = mnl_nlmsg_put_extra_header(head, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_dst_len = len;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_LINK;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put(head, RTA_DST, sizeof(to), &to);
	mnl_attr_put_u32(head, RTA_OIF, ctl->ifindex);
	return talk(ctl->route, head, NULL, NULL);
}
