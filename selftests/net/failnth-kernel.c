// SPDX-License-Identifier: GPL-2.0
/*
 * What failnth asks the kernel for, and tells it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "failnth.h"

#define REPLY_SIZE	65536
#define GROUPS		2

static struct mnl_socket *genl, *route, *fresh, *agent, *subscriber, *monitor;
static uint32_t group_ids[GROUPS];
static uint16_t family;
static uint32_t index_answered;

typedef void (*reply_fn)(const struct nlmsghdr *reply, void *arg);

static struct mnl_socket *open_socket(int bus)
{
	struct mnl_socket *s = mnl_socket_open(bus);
	int one = 1;

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID))
		die("netlink: %s", strerror(errno));
	mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &one, sizeof(one));
	return s;
}

/* --- requests */

/**
 * device_index() - of the device that is there all the time
 */
uint32_t device_index(void)
{
	static uint32_t ifindex;

	if (!ifindex)
		ifindex = if_nametoindex(DEVICE);
	if (!ifindex)
		die("no device %s", DEVICE);
	return ifindex;
}

static struct genlmsghdr *begin_genl(struct request *r, uint16_t type, uint16_t flags)
{
	r->route = false;
	r->head = mnl_nlmsg_put_header(r->buffer);
	r->head->nlmsg_type = type;
	r->head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(r->head, sizeof(struct genlmsghdr));
}

/**
 * begin_request() - begin a request to the family, about the device
 */
void begin_request(struct request *r, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *head = begin_genl(r, family, flags);

	head->cmd = cmd;
	head->version = FMP_FAMILY_VERSION;
	/* The number of the attribute is the same in all sets. */
	mnl_attr_put_u32(r->head, FMP_A_DEV_IFINDEX, device_index());
}

/**
 * begin_link() - begin a request about a link
 */
void begin_link(struct request *r, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct ifinfomsg *link;

	r->route = true;
	r->head = mnl_nlmsg_put_header(r->buffer);
	r->head->nlmsg_type = type;
	r->head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	link = mnl_nlmsg_put_extra_header(r->head, sizeof(*link));
	link->ifi_index = ifindex;
}

/**
 * put_key() - add the public key of a peer, which is its number
 */
void put_key(struct request *r, uint16_t type, unsigned int n)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	memset(key, n, sizeof(key));
	mnl_attr_put(r->head, type, sizeof(key), key);
}

/**
 * put_ip4() - add an IPv4 address, given as a number
 */
void put_ip4(struct request *r, uint16_t type, uint32_t address)
{
	mnl_attr_put_u32(r->head, type, htonl(address));
}

static int talk(struct mnl_socket *to, struct nlmsghdr *request, reply_fn fn, void *arg)
{
	static char buffer[REPLY_SIZE];
	static unsigned int seq;
	const struct nlmsgerr *error;
	const struct nlmsghdr *reply;
	int len;

	request->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(to, request, request->nlmsg_len) < 0)
		return errno;
	for (;;) {
		len = mnl_socket_recvfrom(to, buffer, sizeof(buffer));
		if (len < 0)
			return errno;
		for (reply = (void *)buffer; mnl_nlmsg_ok(reply, len);
		     reply = mnl_nlmsg_next(reply, &len)) {
			/* What the kernel sends to an agent is no answer. */
			if (reply->nlmsg_seq != seq)
				continue;
			if (reply->nlmsg_type == NLMSG_DONE)
				return -*(const int *)mnl_nlmsg_get_payload(reply);
			if (reply->nlmsg_type == NLMSG_ERROR) {
				error = mnl_nlmsg_get_payload(reply);
				return -error->error;
			}
			if (fn)
				fn(reply, arg);
		}
	}
}

static void keep_index(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;

	(void)arg;
	/* The number of this attribute is the same in both sets that have it. */
	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == FMP_A_SESSION_LOCAL_INDEX)
			index_answered = mnl_attr_get_u32(attr);
}

/**
 * send_request() - send a request, and wait for the answer
 */
int send_request(struct request *r)
{
	if (r->route)
		return talk(route, r->head, NULL, NULL);
	return talk(genl, r->head, keep_index, NULL);
}

/**
 * answered_index() - the local index in the latest answer that had one
 */
uint32_t answered_index(void)
{
	return index_answered;
}

/**
 * fresh_socket() - have a socket for send_fresh(): a dump that failed leaves its own busy
 */
void fresh_socket(bool of_route)
{
	if (fresh)
		mnl_socket_close(fresh);
	fresh = open_socket(of_route ? NETLINK_ROUTE : NETLINK_GENERIC);
}

/**
 * send_fresh() - send a request with the socket that was made for it
 */
int send_fresh(struct request *r)
{
	return talk(fresh, r->head, NULL, NULL);
}

/**
 * send_as() - send a request as the agent, or as who gets link messages
 */
int send_as(struct request *r, bool as_agent)
{
	return talk(as_agent ? agent : subscriber, r->head, NULL, NULL);
}

/**
 * received_as() - take what was sent to the agent, or to who gets link messages
 *
 * Return: How many messages.
 */
unsigned int received_as(bool as_agent)
{
	int fd = mnl_socket_get_fd(as_agent ? agent : subscriber);
	static char buffer[REPLY_SIZE];
	unsigned int n = 0;

	while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* --- what there is */

static bool in_range(uint16_t type, uint16_t first, uint16_t last)
{
	return type >= first && type <= last;
}

/* What ages, and what is counted. */
static bool is_volatile(uint8_t cmd, uint16_t type)
{
	switch (cmd) {
	case FMP_CMD_DEV_GET:
	case FMP_CMD_DEV_SET:
		return type == FMP_A_DEV_COUNTER;
	case FMP_CMD_PEER_GET:
	case FMP_CMD_PEER_NEW:
		return in_range(type, FMP_A_PEER_RX_PACKETS, FMP_A_PEER_FAILURES) ||
		       in_range(type, FMP_A_PEER_HANDSHAKE_MS, FMP_A_PEER_STATE_MS) ||
		       type == FMP_A_PEER_METRICS;
	default:
		return in_range(type, FMP_A_SESSION_SEND_COUNTER, FMP_A_SESSION_AGE_MS) ||
		       type == FMP_A_SESSION_REKEY_MS;
	}
}

static void put_state(const struct nlmsghdr *reply, void *arg)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload(reply);
	const struct nlattr *attr;
	const uint8_t *bytes;
	FILE *file = arg;
	int i;

	fprintf(file, "# %u", head->cmd);
	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (is_volatile(head->cmd, mnl_attr_get_type(attr)))
			continue;
		bytes = mnl_attr_get_payload(attr);
		fprintf(file, " %u=", mnl_attr_get_type(attr));
		for (i = 0; i < mnl_attr_get_payload_len(attr); i++)
			fprintf(file, "%02x", bytes[i]);
	}
	fputc('\n', file);
}

static void put_link(const struct nlmsghdr *reply, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(reply);
	FILE *file = arg;

	fprintf(file, "# link %d %x\n", link->ifi_index, link->ifi_flags);
}

static void dump(struct request *r, FILE *file)
{
	int err = talk(r->route ? route : genl, r->head, r->route ? put_link : put_state, file);

	if (err)
		die("dump: %s", strerror(err));
}

/**
 * read_state() - all links, and what there is of the device but ages and counts
 *
 * Return: Lines, each for itself a comment, to be freed by the caller.
 */
char *read_state(void)
{
	static const uint8_t of_device[] = { FMP_CMD_PEER_GET, FMP_CMD_SESSION_GET };
	struct request r;
	unsigned int i;
	size_t len;
	char *text;
	FILE *file;

	if (!genl)
		return strdup("");
	file = open_memstream(&text, &len);
	begin_link(&r, RTM_GETLINK, NLM_F_DUMP, 0);
	dump(&r, file);
	begin_request(&r, FMP_CMD_DEV_GET, 0);
	dump(&r, file);
	for (i = 0; i < sizeof(of_device); i++) {
		begin_request(&r, of_device[i], NLM_F_DUMP);
		dump(&r, file);
	}
	fclose(file);
	return text;
}

static uint64_t get_uint(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) == 8 ? mnl_attr_get_u64(attr) :
						     mnl_attr_get_u32(attr);
}

struct sum {
	const char *part;
	uint64_t value;
};

static void add_counter(const struct nlattr *nest, struct sum *sum)
{
	const char *name = "";
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == FMP_A_COUNTER_NAME)
			name = mnl_attr_get_str(attr);
		else if (strstr(name, sum->part))
			sum->value += get_uint(attr);
	}
}

static void add_counters(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == FMP_A_DEV_COUNTER)
			add_counter(attr, arg);
}

/**
 * read_counter() - the sum of the device's counters that have this in their names
 */
uint64_t read_counter(const char *part)
{
	struct sum sum = { .part = part };
	struct request r;
	int err;

	begin_request(&r, FMP_CMD_DEV_GET, 0);
	err = talk(genl, r.head, add_counters, &sum);
	if (err)
		die("counters: %s", strerror(err));
	return sum.value;
}

struct wanted {
	uint16_t type;
	bool found;
};

static void look_for(const struct nlmsghdr *reply, void *arg)
{
	struct wanted *wanted = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		wanted->found |= mnl_attr_get_type(attr) == wanted->type;
}

/**
 * peer_has() - tell whether something is known of a peer
 */
bool peer_has(unsigned int n, uint16_t type)
{
	struct wanted wanted = { .type = type };
	struct request r;

	begin_request(&r, FMP_CMD_PEER_GET, 0);
	put_key(&r, FMP_A_PEER_PUBLIC_KEY, n);
	must_be(0, talk(genl, r.head, look_for, &wanted), "peer-get");
	return wanted.found;
}

static void read_slot(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr;
	uint8_t *slot = arg;

	mnl_attr_for_each(attr, reply, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == FMP_A_SESSION_SLOT)
			*slot = mnl_attr_get_u8(attr);
}

/**
 * is_current() - tell whether a session is its peer's current one
 */
bool is_current(uint32_t local)
{
	uint8_t slot = FMP_SLOT_PENDING;
	struct request r;

	begin_request(&r, FMP_CMD_SESSION_GET, 0);
	mnl_attr_put_u32(r.head, FMP_A_SESSION_LOCAL_INDEX, local);
	must_be(0, talk(genl, r.head, read_slot, &slot), "session-get");
	return slot == FMP_SLOT_CURRENT;
}

/* --- what it tells */

/**
 * watch() - have a socket that is told what happens, or none
 */
void watch(bool on)
{
	unsigned int i;

	if (monitor)
		mnl_socket_close(monitor);
	monitor = on ? open_socket(NETLINK_GENERIC) : NULL;
	for (i = 0; on && i < GROUPS; i++)
		if (mnl_socket_setsockopt(monitor, NETLINK_ADD_MEMBERSHIP, &group_ids[i],
					  sizeof(group_ids[i])))
			die("group: %s", strerror(errno));
}

/* A session that is kept for long is to be replaced, whatever is tried meanwhile. */
static bool counts_as_told(const char *buffer, ssize_t len)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload((const void *)buffer);

	return len < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || head->cmd != FMP_CMD_REKEY_NEEDED_NTF;
}

/**
 * was_told() - take what the socket of watch() was told
 * @n: how many messages
 *
 * Return: false if it was told that some are lost.
 */
bool was_told(unsigned int *n)
{
	static char buffer[REPLY_SIZE];
	bool whole = true;
	ssize_t len;

	*n = 0;
	if (!monitor)
		return true;
	for (;;) {
		len = recv(mnl_socket_get_fd(monitor), buffer, sizeof(buffer), MSG_DONTWAIT);
		if (len > 0)
			*n += counts_as_told(buffer, len);
		else if (errno == ENOBUFS)
			whole = false;
		else
			return whole;
	}
}

static void read_group(const struct nlattr *nest)
{
	static unsigned int n;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID && n < GROUPS)
			group_ids[n++] = mnl_attr_get_u32(attr);
}

static void read_family(const struct nlmsghdr *reply, void *arg)
{
	const struct nlattr *attr, *group;

	(void)arg;
	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			read_group(group);
	}
}

/**
 * connect_kernel() - open the sockets for all of this
 */
void connect_kernel(void)
{
	struct request r;

	genl = open_socket(NETLINK_GENERIC);
	route = open_socket(NETLINK_ROUTE);
	agent = open_socket(NETLINK_GENERIC);
	subscriber = open_socket(NETLINK_GENERIC);
	begin_genl(&r, GENL_ID_CTRL, 0)->cmd = CTRL_CMD_GETFAMILY;
	mnl_attr_put_strz(r.head, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	if (talk(genl, r.head, read_family, NULL) || !family)
		die("no family %s", FMP_FAMILY_NAME);
}
