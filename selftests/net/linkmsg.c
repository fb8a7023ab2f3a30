// SPDX-License-Identifier: GPL-2.0
/*
 * linkmsg: does what the lines of its input say with netlink sockets, which are
 * numbered and opened when they are first named. The answer to a line ends with
 * a line that is a dot.
 *
 *   open S PORT            opens it with that netlink port
 *   port S                 its netlink port
 *   close S
 *   rcvbuf S BYTES         its receive buffer
 *   bind S ROLE IFINDEX    the ROLE is "agent" or "link"; the answer is OK, or the
 *                          name of the error and what the kernel says of it
 *   unbind S ROLE IFINDEX  likewise
 *   send S IFINDEX KEY MESSAGE [ce]
 *                          likewise; "-" leaves out KEY or MESSAGE
 *   take S N               N link messages, or what has come of them in 10 s; with
 *                          0 those that are there. A line each: IFINDEX, the head
 *                          of the KEY, MESSAGE and ce, or "lost" if the kernel
 *                          says that some were
 *   count S                the number of those that are there, and how often some
 *                          were lost
 *   events S               takes what is told of peers that went down, too: IFINDEX,
 *                          the head of the KEY, "down", the reason, the code
 *
 * A MESSAGE is hexadecimal, "+N" at its end standing for N zeroes; "empty" has
 * no bytes.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_SIZE	(1 << 17)
#define SOCKETS		16
#define WORDS		8
#define TIMEOUT_MS	10000

/**
 * struct inbox - a socket, and what it got that was not asked for yet
 * @nl: the socket, NULL before it is named
 * @text: a line for each message
 * @len: of @text
 * @file: writes it
 * @messages: how many
 * @lost: how often the kernel said that some were lost
 */
struct inbox {
	struct mnl_socket *nl;
	char *text;
	size_t len;
	FILE *file;
	unsigned int messages;
	unsigned int lost;
};

static struct inbox inboxes[SOCKETS];
static uint16_t family;
static uint32_t events_group;
static char buffer[BUFFER_SIZE];

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("linkmsg: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static unsigned long number(const char *text)
{
	unsigned long value;
	char *end;

	if (!text)
		die("a number is missing");
	value = strtoul(text, &end, 0);
	if (end == text || *end)
		die("no number: %s", text);
	return value;
}

static size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	size_t len;

	for (len = 0; hex[2 * len]; len++)
		if (len == max || sscanf(hex + 2 * len, "%2hhx", &bytes[len]) != 1)
			die("not hexadecimal, or too much: %s", hex);
	return len;
}

/* --- what comes in */

static void write_message(FILE *file, const struct nlattr *attr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	size_t i, len = mnl_attr_get_payload_len(attr), end = len;

	while (end > 1 && !bytes[end - 1])
		end--;
	for (i = 0; i < end; i++)
		fprintf(file, "%02x", bytes[i]);
	if (end < len)
		fprintf(file, "+%zu", len - end);
}

static void store(struct inbox *inbox, const struct nlmsghdr *head)
{
	const struct nlattr *attr;
	const uint8_t *key;
	int i;

	mnl_attr_for_each(attr, head, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case FMP_A_MESSAGE_IFINDEX:
			fprintf(inbox->file, "%u ", mnl_attr_get_u32(attr));
			break;
		case FMP_A_MESSAGE_PUBLIC_KEY:
			key = mnl_attr_get_payload(attr);
			for (i = 0; i < 4; i++)
				fprintf(inbox->file, "%02x", key[i]);
			break;
		case FMP_A_MESSAGE_PAYLOAD:
			fputc(' ', inbox->file);
			write_message(inbox->file, attr);
			break;
		case FMP_A_MESSAGE_CE:
			fputs(" ce", inbox->file);
			break;
		default:
			fputs(" ?", inbox->file);
		}
	}
	fputc('\n', inbox->file);
	inbox->messages++;
}

static void store_down(struct inbox *inbox, const struct nlmsghdr *head)
{
	unsigned int ifindex = 0, reason = 0;
	const uint8_t *key = NULL;
	const struct nlattr *attr;
	char code[8] = "";

	mnl_attr_for_each(attr, head, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case FMP_A_PEER_IFINDEX:
			ifindex = mnl_attr_get_u32(attr);
			break;
		case FMP_A_PEER_PUBLIC_KEY:
			key = mnl_attr_get_payload(attr);
			break;
		case FMP_A_PEER_DOWN_REASON:
			reason = mnl_attr_get_u8(attr);
			break;
		case FMP_A_PEER_DISCONNECT_CODE:
			snprintf(code, sizeof(code), " %u", mnl_attr_get_u8(attr));
			break;
		}
	}
	if (!key)
		die("an event without a peer");
	fprintf(inbox->file, "%u %02x%02x%02x%02x down %u%s\n", ifindex, key[0], key[1], key[2],
		key[3], reason, code);
	inbox->messages++;
}

/* False for what is no notification; of those, two kinds are of interest. */
static bool notified(struct inbox *inbox, const struct nlmsghdr *head)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(head);

	if (head->nlmsg_type != family || head->nlmsg_seq)
		return false;
	if (genl->cmd == FMP_CMD_LINK_MESSAGE_NTF)
		store(inbox, head);
	else if (genl->cmd == FMP_CMD_PEER_DOWN_NTF)
		store_down(inbox, head);
	return true;
}

/* Waits for it, but for at most that long; false if nothing came. */
static bool readable(struct inbox *inbox, int timeout)
{
	struct pollfd poller = { .fd = mnl_socket_get_fd(inbox->nl), .events = POLLIN };

	return poll(&poller, 1, timeout) > 0;
}

static int receive(struct inbox *inbox)
{
	int len = mnl_socket_recvfrom(inbox->nl, buffer, sizeof(buffer));

	if (len < 0 && errno == ENOBUFS) {
		fputs("lost\n", inbox->file);
		inbox->lost++;
		return 0;
	}
	if (len < 0)
		die("receive: %s", strerror(errno));
	return len;
}

static void fetch(struct inbox *inbox)
{
	const struct nlmsghdr *head = (void *)buffer;
	int len = receive(inbox);

	for (; mnl_nlmsg_ok(head, len); head = mnl_nlmsg_next(head, &len))
		notified(inbox, head);
}

/* --- requests */

static void print_error(const struct nlmsghdr *reply)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(reply);
	const struct nlattr *attr;

	if (!error->error) {
		puts("OK");
		return;
	}
	fputs(strerrorname_np(-error->error), stdout);
	if (reply->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_for_each(attr, reply, sizeof(*error))
			if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
				printf(" %s", mnl_attr_get_str(attr));
	putchar('\n');
}

typedef void (*reply_fn)(const struct nlmsghdr *reply);

/* Link messages may come before the answer. */
static void talk(struct inbox *inbox, struct nlmsghdr *request, reply_fn fn)
{
	const struct nlmsghdr *head;
	int len;

	if (mnl_socket_sendto(inbox->nl, request, request->nlmsg_len) < 0)
		die("send: %s", strerror(errno));
	for (;;) {
		len = receive(inbox);
		for (head = (void *)buffer; mnl_nlmsg_ok(head, len);
		     head = mnl_nlmsg_next(head, &len)) {
			if (notified(inbox, head))
				continue;
			fn(head);
			if (head->nlmsg_type == NLMSG_ERROR)
				return;
		}
	}
}

static struct nlmsghdr *begin(void *request, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(request);
	struct genlmsghdr *genl;

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(head, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FMP_FAMILY_VERSION;
	return head;
}

static void read_group(const struct nlattr *group)
{
	const struct nlattr *attr;
	bool events = false;
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			events = !strcmp(mnl_attr_get_str(attr), FMP_MCGRP_EVENTS);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (events)
		events_group = id;
}

static void read_family(const struct nlmsghdr *reply)
{
	const struct nlattr *attr, *group;

	if (reply->nlmsg_type == NLMSG_ERROR)
		return;
	mnl_attr_for_each(attr, reply, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested(group, attr)
				read_group(group);
	}
}

static void find_family(struct inbox *inbox)
{
	char request[256];
	struct nlmsghdr *head = begin(request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	mnl_attr_put_strz(head, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	talk(inbox, head, read_family);
	if (!family)
		die("no family %s", FMP_FAMILY_NAME);
}

static void open_inbox(struct inbox *inbox, unsigned int port)
{
	int one = 1;

	inbox->nl = mnl_socket_open(NETLINK_GENERIC);
	if (!inbox->nl || mnl_socket_bind(inbox->nl, 0, port))
		die("netlink: %s", strerror(errno));
	mnl_socket_setsockopt(inbox->nl, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(inbox->nl, NETLINK_CAP_ACK, &one, sizeof(one));
	inbox->file = open_memstream(&inbox->text, &inbox->len);
	if (!family)
		find_family(inbox);
}

static struct inbox *inbox_of(const char *text)
{
	unsigned long i = number(text);

	if (i >= SOCKETS)
		die("no such socket: %s", text);
	return &inboxes[i];
}

/* --- commands */

static void print_messages(struct inbox *inbox)
{
	fflush(inbox->file);
	fputs(inbox->text, stdout);
	fclose(inbox->file);
	free(inbox->text);
	inbox->file = open_memstream(&inbox->text, &inbox->len);
	inbox->messages = 0;
	inbox->lost = 0;
}

static void take(struct inbox *inbox, unsigned int n)
{
	while (inbox->messages < n && readable(inbox, TIMEOUT_MS))
		fetch(inbox);
	while (readable(inbox, 0))
		fetch(inbox);
	print_messages(inbox);
}

static void count(struct inbox *inbox)
{
	while (readable(inbox, 0))
		fetch(inbox);
	printf("%u %u\n", inbox->messages, inbox->lost);
}

static void close_inbox(struct inbox *inbox)
{
	mnl_socket_close(inbox->nl);
	fclose(inbox->file);
	free(inbox->text);
	memset(inbox, 0, sizeof(*inbox));
}

static void set_rcvbuf(struct inbox *inbox, int size)
{
	if (setsockopt(mnl_socket_get_fd(inbox->nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		die("SO_RCVBUF: %s", strerror(errno));
}

static void join_events(struct inbox *inbox)
{
	if (mnl_socket_setsockopt(inbox->nl, NETLINK_ADD_MEMBERSHIP, &events_group,
				  sizeof(events_group)))
		die("join: %s", strerror(errno));
}

static void ask_role(struct inbox *inbox, const char *role, const char *ifindex, bool bind)
{
	bool agent = !strcmp(role, "agent");
	uint8_t cmd = agent ? (bind ? FMP_CMD_AGENT_BIND : FMP_CMD_AGENT_UNBIND) :
			      (bind ? FMP_CMD_LINK_BIND : FMP_CMD_LINK_UNBIND);
	char request[256];
	struct nlmsghdr *head = begin(request, family, cmd);

	if (number(ifindex))
		mnl_attr_put_u32(head, agent ? FMP_A_DEV_IFINDEX : FMP_A_MESSAGE_IFINDEX,
				 number(ifindex));
	talk(inbox, head, print_error);
}

static void put_message(struct nlmsghdr *head, char *text)
{
	static uint8_t message[UINT16_MAX];
	char *zeroes = strchr(text, '+');
	size_t len = 0, more = 0;

	if (zeroes) {
		*zeroes = 0;
		more = number(zeroes + 1);
	}
	memset(message, 0, sizeof(message));
	if (strcmp(text, "empty"))
		len = unhex(message, sizeof(message), text);
	if (more > sizeof(message) - len)
		die("too much");
	mnl_attr_put(head, FMP_A_MESSAGE_PAYLOAD, len + more, message);
}

/* The words are IFINDEX KEY MESSAGE [ce]. */
static void send_message(struct inbox *inbox, char **words)
{
	static char request[BUFFER_SIZE];
	struct nlmsghdr *head = begin(request, family, FMP_CMD_LINK_SEND);
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	mnl_attr_put_u32(head, FMP_A_MESSAGE_IFINDEX, number(words[0]));
	if (strcmp(words[1], "-"))
		mnl_attr_put(head, FMP_A_MESSAGE_PUBLIC_KEY,
			     unhex(key, sizeof(key), words[1]), key);
	if (strcmp(words[2], "-"))
		put_message(head, words[2]);
	if (words[3])
		mnl_attr_put(head, FMP_A_MESSAGE_CE, 0, NULL);
	talk(inbox, head, print_error);
}

static void run(char **words)
{
	const char *what = words[0];
	struct inbox *inbox = inbox_of(words[1]);

	if (!strcmp(what, "open")) {
		open_inbox(inbox, number(words[2]));
		return;
	}
	if (!inbox->nl)
		open_inbox(inbox, MNL_SOCKET_AUTOPID);
	if (!strcmp(what, "port"))
		printf("%u\n", mnl_socket_get_portid(inbox->nl));
	else if (!strcmp(what, "close"))
		close_inbox(inbox);
	else if (!strcmp(what, "rcvbuf"))
		set_rcvbuf(inbox, number(words[2]));
	else if (!strcmp(what, "bind") || !strcmp(what, "unbind"))
		ask_role(inbox, words[2], words[3], *what == 'b');
	else if (!strcmp(what, "send") && words[2] && words[3] && words[4])
		send_message(inbox, words + 2);
	else if (!strcmp(what, "take"))
		take(inbox, number(words[2]));
	else if (!strcmp(what, "count"))
		count(inbox);
	else if (!strcmp(what, "events"))
		join_events(inbox);
	else
		die("what is %s?", what);
}

int main(void)
{
	char *line = NULL, *save, *words[WORDS];
	size_t size = 0;
	int i;

	while (getline(&line, &size, stdin) > 0) {
		memset(words, 0, sizeof(words));
		words[0] = strtok_r(line, " \n", &save);
		for (i = 1; i < WORDS && words[i - 1]; i++)
			words[i] = strtok_r(NULL, " \n", &save);
		if (words[0])
			run(words);
		puts(".");
		fflush(stdout);
	}
	free(line);
	return 0;
}
