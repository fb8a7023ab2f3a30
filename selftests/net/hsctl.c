// SPDX-License-Identifier: GPL-2.0
/*
 * hsctl: does what the lines of its input say, as an agent does it and with its
 * functions; but for bind to one socket of its own. The answer to a line ends with a
 * line that is a dot. Where nothing else is said it is OK or the name of the error.
 *
 *   bind IFINDEX           becomes the agent of the device
 *   unbind IFINDEX
 *   close                  closes the socket that is bound
 *   rcvbuf BYTES           its receive buffer
 *   take N                 N handshake messages, or what has come of them in 10 s; with
 *                          0 those that are there. A line each: IFINDEX, the message,
 *                          where it came from and to, and "known"; or "lost" if the
 *                          kernel says that some were
 *   count                  the number of those that are there, and how often some were
 *                          lost
 *   reserve IFINDEX KEY    the index
 *   release IFINDEX INDEX
 *   send IFINDEX MESSAGE ENDPOINT [LOCAL]
 *   report IFINDEX KEY EVENT [CAUSE]
 *                          by their numbers
 *   session IFINDEX KEY INDEX REMOTE SEND RECEIVE [WORD...]
 *                          adds a session and says its index; INDEX may be "-", and a
 *                          WORD is initiator, candidate, or its epoch
 *
 * A MESSAGE is hexadecimal, "+N" at its end standing for N zeroes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fail.h"
#include "kernel.h"
#include "parse.h"
#include "print.h"

#define WORDS		12
#define TIMEOUT_MS	10000
#define FRAME_MAX	4096

/**
 * struct inbox - the socket that is bound, and what it got
 * @nl: for requests, NULL before it is bound
 * @sock: what is behind it
 * @text: a line for each message
 * @file: writes it
 */
static struct inbox {
	struct nl *nl;
	struct mnl_socket *sock;
	char *text;
	size_t len;
	FILE *file;
	unsigned int messages;
	unsigned int lost;
} inbox;

static struct nl *requests;
static uint16_t family;

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "hsctl: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t number(const char *text)
{
	char *end;
	unsigned long value;

	if (!text)
		die("a number is missing");
	value = strtoul(text, &end, 0);
	if (end == text || *end)
		die(text);
	return (uint32_t)value;
}

static size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	size_t len;

	if (!hex)
		die("hexadecimal digits are missing");
	for (len = 0; hex[2 * len] && hex[2 * len] != '+'; len++)
		if (len == max || sscanf(hex + 2 * len, "%2hhx", &bytes[len]) != 1)
			die(hex);
	if (hex[2 * len] != '+')
		return len;
	if (number(hex + 2 * len + 1) > max - len)
		die(hex);
	memset(bytes + len, 0, number(hex + 2 * len + 1));
	return len + number(hex + 2 * len + 1);
}

static struct target target_of(const char *ifindex)
{
	return (struct target){ .name = "it", .ifindex = number(ifindex) };
}

static void say(int err)
{
	puts(err ? strerrorname_np(-err) : "OK");
}

/* --- what comes in */

static void write_frame(const struct handshake *handshake)
{
	size_t i, len = handshake->frame_len, end = len;

	while (end > 1 && !handshake->frame[end - 1])
		end--;
	for (i = 0; i < end; i++)
		fprintf(inbox.file, "%02x", handshake->frame[i]);
	if (end < len)
		fprintf(inbox.file, "+%zu", len - end);
}

static void store(const struct nlmsghdr *head)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(head);
	char remote[ENDPOINT_TEXT], local[ADDRESS_TEXT];
	struct handshake handshake = { 0 };

	if (head->nlmsg_type != family || genl->cmd != FMP_CMD_HANDSHAKE_FRAME_NTF)
		return;
	if (handshake_decode(&handshake, head) || !HAS(&handshake, FMP_A_HANDSHAKE_FRAME))
		die("a notification that cannot be read");
	fprintf(inbox.file, "%u ", handshake.ifindex);
	write_frame(&handshake);
	fprintf(inbox.file, " %s %s%s\n", endpoint_text(remote, &handshake.path.remote),
		address_text(local, &handshake.path.local),
		HAS(&handshake, FMP_A_HANDSHAKE_KNOWN) ? " known" : "");
	inbox.messages++;
}

static bool readable(int timeout)
{
	struct pollfd poller = { .fd = !inbox.sock ? -1 : mnl_socket_get_fd(inbox.sock), .events = POLLIN };

	return poll(&poller, 1, timeout) > 0;
}

static void fetch(void)
{
	static char buffer[1 << 16];
	const struct nlmsghdr *head = (void *)buffer;
	ssize_t received;
	int len;

	if (!inbox.file)
		die("nothing is bound");
	received = mnl_socket_recvfrom(inbox.sock, buffer, sizeof(buffer));
	len = (int)received;
	if (received < 0 && errno == ENOBUFS) {
		fputs("lost\n", inbox.file);
		inbox.lost++;
		return;
	}
	if (received < 0)
		die("receive");
	for (; mnl_nlmsg_ok(head, len); head = mnl_nlmsg_next(head, &len))
		store(head);
}

static void print_messages(void)
{
	if (!inbox.file || fflush(inbox.file) || !inbox.text)
		die("nothing is bound");
	fputs(inbox.text, stdout);
	fclose(inbox.file);
	free(inbox.text);
	inbox.file = open_memstream(&inbox.text, &inbox.len);
	inbox.messages = 0;
	inbox.lost = 0;
}

static void take(unsigned int n)
{
	while (inbox.messages < n && readable(TIMEOUT_MS))
		fetch();
	while (readable(0))
		fetch();
	print_messages();
}

static void count(void)
{
	while (readable(0))
		fetch();
	printf("%u %u\n", inbox.messages, inbox.lost);
}

/* --- the socket that is bound */

static int keep_family(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static void find_family(void)
{
	char buffer[8192];
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(head, sizeof(*genl));
	ssize_t len;

	head->nlmsg_type = GENL_ID_CTRL;
	head->nlmsg_flags = NLM_F_REQUEST;
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(head, CTRL_ATTR_FAMILY_NAME, FMP_FAMILY_NAME);
	if (mnl_socket_sendto(inbox.sock, head, head->nlmsg_len) < 0)
		die("find the family");
	len = mnl_socket_recvfrom(inbox.sock, buffer, sizeof(buffer));
	if (len < 0)
		die("find the family");
	mnl_attr_parse((void *)buffer, sizeof(*genl), keep_family, NULL);
	if (!family)
		die("no family");
}

static void open_inbox(void)
{
	int on = 1;

	inbox.sock = mnl_socket_open(NETLINK_GENERIC);
	if (!inbox.sock || mnl_socket_bind(inbox.sock, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	mnl_socket_setsockopt(inbox.sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(inbox.sock, NETLINK_CAP_ACK, &on, sizeof(on));
	find_family();
	inbox.nl = nl_from_socket(mnl_socket_get_fd(inbox.sock), family);
	inbox.file = open_memstream(&inbox.text, &inbox.len);
}

/* The descriptor is the other's as well. */
static void close_inbox(void)
{
	nl_close(inbox.nl);
	fclose(inbox.file);
	free(inbox.text);
	memset(&inbox, 0, sizeof(inbox));
}

static void set_rcvbuf(int size)
{
	if (setsockopt(mnl_socket_get_fd(inbox.sock), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		die("SO_RCVBUF");
}

/* --- requests */

static void reserve(char **words)
{
	struct target target = target_of(words[0]);
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	uint32_t index;
	int err;

	unhex(key, sizeof(key), words[1]);
	err = kernel_index_reserve(requests, &target, key, &index);
	if (err)
		say(err);
	else
		printf("0x%08x\n", index);
}

static void send_frame(char **words)
{
	struct target target = target_of(words[0]);
	struct path path = { 0 };
	uint8_t frame[FRAME_MAX];
	size_t len = unhex(frame, sizeof(frame), words[1]);

	if (parse_endpoint(&path.remote, words[2]) ||
	    (words[3] && parse_address(&path.local, words[3])))
		die("no path");
	say(kernel_handshake_send(requests, &target, frame, len, &path));
}

static void send_report(char **words)
{
	struct target target = target_of(words[0]);
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	unhex(key, sizeof(key), words[1]);
	say(kernel_handshake_report(requests, &target, key, number(words[2]),
				    words[3] ? number(words[3]) : 0));
}

static void add_session(char **words)
{
	uint8_t send[FMP_KEY_SIZE], receive[FMP_KEY_SIZE], epoch[FMP_EPOCH_SIZE];
	struct session_new session = { .send_key = send, .receive_key = receive };
	struct target target = target_of(words[0]);
	int err;

	unhex(session.peer, sizeof(session.peer), words[1]);
	session.choose_index = strcmp(words[2], "-") == 0;
	if (!session.choose_index)
		session.local_index = number(words[2]);
	session.remote_index = number(words[3]);
	unhex(send, sizeof(send), words[4]);
	unhex(receive, sizeof(receive), words[5]);
	for (words += 6; *words; words++) {
		if (strcmp(*words, "initiator") == 0) {
			session.initiator = true;
		} else if (strcmp(*words, "candidate") == 0) {
			session.candidate = true;
		} else {
			unhex(epoch, sizeof(epoch), *words);
			session.epoch = epoch;
		}
	}
	err = kernel_try_session_new(requests, &target, &session);
	if (err)
		say(err);
	else
		printf("0x%08x\n", session.local_index);
}

static void bind_inbox(const char *ifindex)
{
	struct target target = target_of(ifindex);

	if (!inbox.nl)
		open_inbox();
	puts(kernel_agent_bind(inbox.nl, &target) ? "REFUSED" : "OK");
}

static void run(char **words)
{
	struct target target = { 0 };
	const char *what = words[0];

	if (strcmp(what, "bind") == 0) {
		bind_inbox(words[1]);
	} else if (strcmp(what, "unbind") == 0) {
		target = target_of(words[1]);
		say(kernel_agent_unbind(inbox.nl, &target));
	} else if (strcmp(what, "close") == 0) {
		close_inbox();
		say(0);
	} else if (strcmp(what, "rcvbuf") == 0) {
		set_rcvbuf((int)number(words[1]));
	} else if (strcmp(what, "take") == 0) {
		take(number(words[1]));
	} else if (strcmp(what, "count") == 0) {
		count();
	} else if (strcmp(what, "reserve") == 0) {
		reserve(words + 1);
	} else if (strcmp(what, "release") == 0) {
		target = target_of(words[1]);
		say(kernel_index_release(requests, &target, number(words[2])));
	} else if (strcmp(what, "send") == 0) {
		send_frame(words + 1);
	} else if (strcmp(what, "report") == 0) {
		send_report(words + 1);
	} else if (strcmp(what, "session") == 0) {
		add_session(words + 1);
	} else {
		die(what);
	}
}

int main(void)
{
	char *line = NULL, *save, *words[WORDS + 1];
	size_t size = 0;
	int i;

	if (sodium_init() < 0 || nl_open(&requests))
		return 1;
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
