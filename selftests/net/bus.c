// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink sockets for requests that may be anything, and for what comes back.
 *
 * The kernel answers before sending returns, and goes on with a dump when the last part was
 * received: so nothing is ever waited for.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus.h"

#define BUFFER		(64 << 10)
/* More of them than there is anything to tell of. */
#define DATAGRAMS	512

/**
 * bus_open() - open a socket
 */
int bus_open(int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), one = 1;

	if (fd < 0) {
		perror("netlink");
		exit(2);
	}
	/* Or every answer has the question in it. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd;
}

/* Of the latest request: what is left of an earlier one is no answer to it. */
static uint32_t sequence;

/* Each message is looked at; the answer is the last one. */
static void look(const char *buffer, int len, bus_fn fn, void *arg, int *answer)
{
	const struct nlmsghdr *msg;

	for (msg = (const void *)buffer; NLMSG_OK(msg, (unsigned int)len);
	     msg = NLMSG_NEXT(msg, len)) {
		if (msg->nlmsg_seq == sequence &&
		    (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE))
			*answer = -*(const int *)NLMSG_DATA(msg);
		if (fn)
			fn(msg, arg);
	}
}

/**
 * bus_drain() - receive what there is
 *
 * Return: What the last answer was, if there was one.
 */
int bus_drain(int fd, bus_fn fn, void *arg)
{
	static char buffer[BUFFER];
	int answer = BUS_SILENT, i;
	ssize_t len;

	for (i = 0; i < DATAGRAMS; i++) {
		len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			return answer;
		if (len < 0 && errno != ENOBUFS && errno != EINTR)
			return errno;
		if (len > 0)
			look(buffer, len, fn, arg, &answer);
	}
	return BUS_ENDLESS;
}

/**
 * bus_begin() - send a request, and leave the answer where it is
 * @data: with room for the head of a message, however short it is
 *
 * Return: 0, or why it could not even be sent.
 */
int bus_begin(int fd, void *data, size_t len)
{
	struct nlmsghdr *head = data;

	head->nlmsg_seq = ++sequence;
	return send(fd, data, len, 0) < 0 ? errno : 0;
}

/**
 * bus_ask() - send a request and receive what comes
 *
 * Return: The number of an error, 0, or BUS_SILENT if there was no answer.
 */
int bus_ask(int fd, void *data, size_t len, bus_fn fn, void *arg)
{
	int err = bus_begin(fd, data, len), answer = bus_drain(fd, fn, arg);

	return err ?: answer;
}

/* --- the family */

struct family {
	uint16_t number;
	const char *const *groups;
	int fd;
};

static const struct nlattr *next_attr(const struct nlattr *attr, const void *end)
{
	const char *next = (const char *)attr + NLA_ALIGN(attr->nla_len);

	return attr->nla_len >= NLA_HDRLEN && next + NLA_HDRLEN <= (const char *)end ?
	       (const void *)next : NULL;
}

static const void *end_of(const struct nlattr *attr)
{
	return (const char *)attr + attr->nla_len;
}

static const void *payload(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

static void join_group(const struct nlattr *group, const struct family *family)
{
	const char *const *wanted, *name = "";
	const struct nlattr *attr;
	uint32_t id = 0;

	for (attr = payload(group); attr; attr = next_attr(attr, end_of(group))) {
		if ((attr->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GRP_NAME)
			name = payload(attr);
		else
			memcpy(&id, payload(attr), sizeof(id));
	}
	for (wanted = family->groups; wanted && *wanted; wanted++)
		if (!strcmp(*wanted, name))
			setsockopt(family->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id,
				   sizeof(id));
}

static void read_family(const struct nlmsghdr *msg, void *arg)
{
	const char *end = (const char *)msg + msg->nlmsg_len;
	const struct nlattr *attr, *group;
	struct family *family = arg;

	if (msg->nlmsg_type != GENL_ID_CTRL)
		return;
	attr = (const void *)((const char *)NLMSG_DATA(msg) + GENL_HDRLEN);
	for (; attr; attr = next_attr(attr, end)) {
		if ((attr->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_FAMILY_ID)
			memcpy(&family->number, payload(attr), sizeof(family->number));
		if ((attr->nla_type & NLA_TYPE_MASK) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		for (group = payload(attr); group; group = next_attr(group, end_of(attr)))
			join_group(group, family);
	}
}

static void find(struct family *family, const char *name)
{
	struct {
		struct nlmsghdr head;
		struct genlmsghdr genl;
		struct nlattr attr;
		char name[16];
	} request = {
		.head = { sizeof(request), GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
		.genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 2 },
		.attr = { NLA_HDRLEN + sizeof(request.name), CTRL_ATTR_FAMILY_NAME },
	};

	snprintf(request.name, sizeof(request.name), "%s", name);
	bus_ask(family->fd, &request, sizeof(request), read_family, family);
	if (family->number)
		return;
	fprintf(stderr, "no family %s\n", name);
	exit(2);
}

/**
 * bus_family() - find the number of a family
 */
uint16_t bus_family(int fd, const char *family)
{
	struct family found = { .fd = fd };

	find(&found, family);
	return found.number;
}

/**
 * bus_join() - hear what is told to some groups of a family
 *
 * Return: 0.
 */
int bus_join(int fd, const char *family, const char *const *groups)
{
	struct family found = { .fd = fd, .groups = groups };

	find(&found, family);
	return 0;
}
