// SPDX-License-Identifier: GPL-2.0
#include "nl.h"

#include <errno.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attrs.h"
#include "fail.h"
#include "util.h"

/* The kernel fills dump messages up to 32 KiB when the reader offers as much. */
#define RECEIVE_SIZE 32768
#define EVENT_BUFFER (4 << 20)
#define DUMP_ATTEMPTS 5
#define MAX_ERROR 4095

struct group {
	char *name;
	uint32_t id;
};

struct nl {
	int fd;
	uint16_t family;	/* of generic netlink, 0 for another protocol */
	uint32_t sequence;
	struct group *groups;
	size_t group_count;
	char *buffer;
	size_t buffer_size;
	char *explanation;	/* of the last error, or NULL */
};

struct nl *nl_from_socket(int fd, uint16_t family)
{
	struct nl *nl = xcalloc(1, sizeof(*nl));

	nl->fd = fd;
	nl->family = family;
	nl->buffer_size = RECEIVE_SIZE;
	nl->buffer = xcalloc(1, nl->buffer_size);
	return nl;
}

void nl_close(struct nl *nl)
{
	size_t i;

	if (!nl)
		return;
	for (i = 0; i < nl->group_count; i++)
		free(nl->groups[i].name);
	free(nl->groups);
	free(nl->explanation);
	free(nl->buffer);
	close(nl->fd);
	free(nl);
}

static int send_message(struct nl *nl, struct message *msg, uint16_t flags)
{
	struct nlmsghdr *head = msg->head;

	head->nlmsg_type = msg->type ? msg->type : nl->family;
	head->nlmsg_flags = NLM_F_REQUEST | msg->flags | flags;
	head->nlmsg_seq = ++nl->sequence;

	if (send(nl->fd, head, head->nlmsg_len, 0) < 0)
		return -errno;
	return 0;
}

/* One datagram of whatever length; only the kernel is listened to. */
static ssize_t receive(struct nl *nl, int flags)
{
	struct sockaddr_nl from = { .nl_pid = 0 };
	socklen_t from_len;
	ssize_t len;

	do {
		len = recv(nl->fd, NULL, 0, MSG_PEEK | MSG_TRUNC | flags);
		if (len < 0)
			return -errno;
		if (len == 0)
			return -ECONNRESET;
		if ((size_t)len > nl->buffer_size) {
			nl->buffer_size = (size_t)len;
			nl->buffer = xreallocarray(nl->buffer, nl->buffer_size, 1);
		}
		from_len = sizeof(from);
		len = recvfrom(nl->fd, nl->buffer, nl->buffer_size, 0,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0)
			return -errno;
	} while (from_len == sizeof(from) && from.nl_pid != 0);

	return len;
}

struct extack {
	const char *text;
	const char *attr;
	bool missing;
};

/* Names are known of the attributes of our own family only, when there is a request. */
static void read_extack(struct extack *ack, const struct nlmsghdr *request, const void *attrs,
			size_t len)
{
	const struct nlattr *attr = attrs;
	uint32_t nest = 0, missing = 0;
	int left = (int)len;

	for (; mnl_attr_ok(attr, left);
	     left -= (int)MNL_ALIGN(attr->nla_len), attr = mnl_attr_next(attr)) {
		uint16_t size = mnl_attr_get_payload_len(attr);
		const char *value = mnl_attr_get_payload(attr);

		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			if (size && !value[size - 1])
				ack->text = value;
			break;
		case NLMSGERR_ATTR_OFFS:
			if (size == sizeof(uint32_t) && request)
				ack->attr = attr_name_at(request, mnl_attr_get_u32(attr));
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (size == sizeof(uint32_t))
				missing = mnl_attr_get_u32(attr);
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			if (size == sizeof(uint32_t))
				nest = mnl_attr_get_u32(attr);
			break;
		}
	}

	if (request && missing && missing <= UINT16_MAX) {
		ack->attr = attr_name(attr_set_at(request, nest), (uint16_t)missing);
		ack->missing = true;
	}
}

static void explain(struct nl *nl, const struct extack *ack)
{
	const char *kind = ack->missing ? "missing attribute" : "attribute";

	if (ack->text && ack->attr)
		nl->explanation = xasprintf("%s (%s '%s')", ack->text, kind, ack->attr);
	else if (ack->text)
		nl->explanation = xstrdup(ack->text);
	else if (ack->attr)
		nl->explanation = xasprintf("%s '%s'", kind, ack->attr);
}

/* The number that an error or the end of a dump carries, after its explanation is kept. */
static int read_verdict(struct nl *nl, const struct nlmsghdr *reply,
			const struct nlmsghdr *request)
{
	size_t len = mnl_nlmsg_get_payload_len(reply);
	const char *payload = mnl_nlmsg_get_payload(reply);
	const struct nlmsgerr *error = (const void *)payload;
	struct extack ack = { 0 };
	size_t skip = sizeof(int);
	int number = 0;

	if (reply->nlmsg_type == NLMSG_ERROR) {
		if (len < sizeof(*error))
			return -EBADMSG;
		skip = sizeof(*error);
		if (!(reply->nlmsg_flags & NLM_F_CAPPED) &&
		    error->msg.nlmsg_len > sizeof(error->msg))
			skip += MNL_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	}
	if (len >= sizeof(int))
		memcpy(&number, payload, sizeof(number));
	if (number > 0 || number < -MAX_ERROR)
		return -EBADMSG;

	if (number && (reply->nlmsg_flags & NLM_F_ACK_TLVS) && len > skip) {
		read_extack(&ack, nl->family ? request : NULL, payload + skip, len - skip);
		explain(nl, &ack);
	}
	return number;
}

struct exchange {
	const struct nlmsghdr *request;
	nl_reply_fn reply;
	void *arg;
	bool done;
	bool interrupted;
	int err;		/* of a reply that could not be used */
};

static int take_reply(struct nl *nl, struct exchange *x, const struct nlmsghdr *reply)
{
	int err = 0;

	if (reply->nlmsg_seq != nl->sequence)
		return 0;
	if (reply->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;

	if (reply->nlmsg_type == NLMSG_ERROR || reply->nlmsg_type == NLMSG_DONE) {
		x->done = true;
		return read_verdict(nl, reply, x->request);
	}
	if (reply->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;

	if (nl->family && (reply->nlmsg_type != nl->family ||
			   mnl_nlmsg_get_payload_len(reply) < sizeof(struct genlmsghdr)))
		err = -EBADMSG;
	else if (x->reply)
		err = x->reply(reply, x->arg);

	/* The rest is still read, or it would be taken for the answer to the next request. */
	if (err && !x->err)
		x->err = err;
	return 0;
}

/* libmnl takes a length beyond INT_MAX for a negative one, which fits everywhere. */
static bool message_ok(const struct nlmsghdr *msg, int left)
{
	return mnl_nlmsg_ok(msg, left) && msg->nlmsg_len <= (uint32_t)left;
}

static int converse(struct nl *nl, struct exchange *x)
{
	const struct nlmsghdr *reply;
	ssize_t got;
	int len, err;

	while (!x->done) {
		got = receive(nl, 0);
		if (got == -EINTR)
			continue;
		if (got < 0)
			return (int)got;

		len = (int)got;
		for (reply = (void *)nl->buffer; message_ok(reply, len) && !x->done;
		     reply = mnl_nlmsg_next(reply, &len)) {
			err = take_reply(nl, x, reply);
			if (err)
				return err;
		}
	}
	return x->err;
}

static int exchange(struct nl *nl, struct message *msg, uint16_t flags, struct exchange *x)
{
	int err;

	free(nl->explanation);
	nl->explanation = NULL;

	x->request = msg->head;
	err = send_message(nl, msg, flags);
	return err ? err : converse(nl, x);
}

int nl_do(struct nl *nl, struct message *msg, nl_reply_fn reply, void *arg)
{
	struct exchange x = { .reply = reply, .arg = arg };

	return exchange(nl, msg, NLM_F_ACK, &x);
}

int nl_dump(struct nl *nl, struct message *msg, nl_reply_fn reply, void (*restart)(void *),
	    void *arg)
{
	unsigned int attempt;
	int err;

	for (attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
		struct exchange x = { .reply = reply, .arg = arg };

		restart(arg);
		err = exchange(nl, msg, NLM_F_ACK | NLM_F_DUMP, &x);
		if (err || !x.interrupted)
			return err;
	}
	warning("the configuration keeps changing, what is shown may be inconsistent");
	return 0;
}

bool nl_explained(const struct nl *nl)
{
	return nl->explanation;
}

int nl_refused(struct nl *nl, int err, const char *fmt, ...)
{
	char *what = NULL;
	va_list ap;
	int len, status;

	va_start(ap, fmt);
	len = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (len < 0)
		return refused("out of memory");

	if (nl->explanation)
		status = refused("%s: %s: %s", what, strerror(-err), nl->explanation);
	else
		status = refused("%s: %s", what, strerror(-err));
	free(what);
	return status;
}

static bool is_attr(const struct nlattr *attr, uint16_t type, enum mnl_attr_data_type data)
{
	return mnl_attr_get_type(attr) == type && mnl_attr_validate(attr, data) == 0;
}

static void read_groups(struct nl *nl, const struct nlattr *groups)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, groups) {
		const char *name = NULL;
		uint32_t id = 0;

		mnl_attr_for_each_nested(attr, group) {
			if (is_attr(attr, CTRL_ATTR_MCAST_GRP_NAME, MNL_TYPE_NUL_STRING))
				name = mnl_attr_get_str(attr);
			else if (is_attr(attr, CTRL_ATTR_MCAST_GRP_ID, MNL_TYPE_U32))
				id = mnl_attr_get_u32(attr);
		}
		if (!name || !id)
			continue;
		nl->groups = grow(nl->groups, nl->group_count, sizeof(*nl->groups));
		nl->groups[nl->group_count].name = xstrdup(name);
		nl->groups[nl->group_count++].id = id;
	}
}

struct resolution {
	struct nl *nl;
	uint16_t family;
};

static int take_family(const struct nlmsghdr *reply, void *arg)
{
	struct resolution *r = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, reply, sizeof(struct genlmsghdr)) {
		if (is_attr(attr, CTRL_ATTR_FAMILY_ID, MNL_TYPE_U16))
			r->family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			read_groups(r->nl, attr);
	}
	return 0;
}

static int resolve_family(struct nl *nl)
{
	struct resolution r = { .nl = nl };
	struct message msg;
	int err;

	message_init(&msg, CTRL_CMD_GETFAMILY);
	put_string(&msg, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	err = nl_do(nl, &msg, take_family, &r);
	message_free(&msg);

	if (err == -ENOENT || (!err && !r.family))
		return refused("the kernel does not know fmp: is the fmp module loaded?");
	if (err)
		return nl_refused(nl, err, "cannot ask the kernel about fmp");
	nl->family = r.family;
	return STATUS_OK;
}

static int open_protocol(struct nl **out, int protocol, uint16_t family)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int one = 1, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return refused("cannot open a netlink socket: %s", strerror(errno));

	/* Explanations are a help, not a need. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));

	if (bind(fd, (struct sockaddr *)&self, sizeof(self))) {
		close(fd);
		return refused("cannot bind a netlink socket: %s", strerror(errno));
	}
	*out = nl_from_socket(fd, family);
	return STATUS_OK;
}

int nl_open(struct nl **out)
{
	struct nl *nl;
	int status;

	status = open_protocol(&nl, NETLINK_GENERIC, GENL_ID_CTRL);
	if (status)
		return status;
	status = resolve_family(nl);
	if (status) {
		nl_close(nl);
		return status;
	}
	*out = nl;
	return STATUS_OK;
}

int nl_open_route(struct nl **out)
{
	int one = 1, status;

	status = open_protocol(out, NETLINK_ROUTE, 0);
	/* Lets dumps be narrowed down; replies are looked at in any case. */
	if (!status)
		setsockopt((*out)->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return status;
}

int nl_join(struct nl *nl, const char *name)
{
	int size = EVENT_BUFFER;
	size_t i;

	/* The default buffer is small for a burst; without privilege it has to do. */
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

	for (i = 0; i < nl->group_count; i++) {
		if (strcmp(nl->groups[i].name, name) != 0)
			continue;
		if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &nl->groups[i].id, sizeof(nl->groups[i].id)))
			return refused("cannot listen to the group '%s': %s", name,
				       strerror(errno));
		return STATUS_OK;
	}
	return refused("the kernel has no group '%s'", name);
}

static int take_events(struct nl *nl, int len, nl_reply_fn event, void *arg)
{
	const struct nlmsghdr *msg;
	int err;

	for (msg = (void *)nl->buffer; message_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
		if (msg->nlmsg_type != nl->family ||
		    mnl_nlmsg_get_payload_len(msg) < sizeof(struct genlmsghdr))
			continue;
		err = event(msg, arg);
		if (err)
			return err;
	}
	return 0;
}

int nl_listen(struct nl *nl, nl_reply_fn event, void *arg)
{
	ssize_t got;
	int err;

	for (;;) {
		got = receive(nl, 0);
		if (got == -EINTR)
			continue;
		if (got == -ENOBUFS) {
			warning("events came faster than they were read, some are lost");
			continue;
		}
		if (got < 0)
			return refused("cannot read events: %s", strerror((int)-got));

		err = take_events(nl, (int)got, event, arg);
		if (err)
			return refused("cannot read an event: %s", strerror(-err));
	}
}

int nl_fd(const struct nl *nl)
{
	return nl->fd;
}

int nl_drain(struct nl *nl, unsigned int most, nl_reply_fn event, void *arg)
{
	ssize_t got;
	int err;

	while (most--) {
		got = receive(nl, MSG_DONTWAIT);
		if (got == -EINTR)
			continue;
		if (got == -EAGAIN)
			return 0;
		if (got < 0)
			return (int)got;
		err = take_events(nl, (int)got, event, arg);
		if (err)
			return err;
	}
	return 0;
}
