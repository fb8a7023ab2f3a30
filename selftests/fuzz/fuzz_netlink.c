// SPDX-License-Identifier: GPL-2.0
/*
 * The program, with any kernel.  The first byte selects a command line; what follows are
 * the datagrams that its netlink socket receives, one after the other: a length of two
 * bytes with flags in its upper bits, and as many bytes.  The socket is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <sanitizer/asan_interface.h>

#include "fail.h"
#include "fuzz.h"
#include "util.h"

enum {
	LENGTH = 0x3fff,
	FROM_STRANGER = 0x4000,
	AS_NUMBERED = 0x8000,	/* answers are to the request of before otherwise */
};

#define IFINDEX 5
#define NPUB "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"

#define WORDS 20

static char *const lines[][WORDS] = {
	{ "fmp", "show" },
	{ "fmp", "-j", "show" },
	{ "fmp", "show", "fmp0", "counters" },
	{ "fmp", "show", "interfaces" },
	{ "fmp", "peer", "show", "fmp0" },
	{ "fmp", "-j", "peer", "show", "fmp0", NPUB },
	{ "fmp", "session", "show", "fmp0" },
	{ "fmp", "-j", "session", "show", "fmp0", "local-index", "7" },
	{ "fmp", "monitor", "-t" },
	{ "fmp", "-j", "monitor", "fmp0" },
	{ "fmp", "set", "fmp0", "port", "1", "fwmark", "5", "peer", NPUB, "endpoint",
	  "192.0.2.1:5", "address", "fd00::1", "remove-address", "10.0.0.1" },
	{ "fmp", "peer", "add", "fmp0", NPUB, "address", "10.0.0.1", "address", "fd00::1" },
	{ "fmp", "peer", "del", "fmp0", NPUB },
	{ "fmp", "rekey", "fmp0" },
	{ "fmp", "session", "del", "fmp0", "local-index", "7" },
};

int fmp_main(int argc, char **argv);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *from,
			socklen_t *from_len);
unsigned int __wrap_if_nametoindex(const char *name);
char *__wrap_if_indextoname(unsigned int ifindex, char *name);

/* What is still to be received, and the request that it answers. */
static const uint8_t *left;
static size_t left_len;
static uint32_t sequence;

/* What is after a datagram in the buffer, which nobody has to look at. */
static void *beyond;
static size_t beyond_len;

static FILE *messages;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(freopen("/dev/null", "w", stdout));
	messages = fopen("/dev/null", "w");
	MUST(messages);
	fail_stream(messages);
	return 0;
}

int __wrap_socket(int domain, int type, int protocol)
{
	(void)type;
	(void)protocol;
	MUST(domain == AF_NETLINK);
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	(void)fd;
	(void)address;
	(void)len;
	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)len;
	return 0;
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	const struct nlmsghdr *request = data;

	(void)fd;
	(void)flags;
	MUST(len >= sizeof(*request) && request->nlmsg_len == len);
	sequence = request->nlmsg_seq;
	return (ssize_t)len;
}

static uint16_t next_head(void)
{
	return left_len < 2 ? 0 : (uint16_t)(left[0] | left[1] << 8);
}

/* 0 when there is no more. */
static size_t next_len(void)
{
	size_t len = next_head() & LENGTH;

	return left_len < 2 || len < left_len - 2 ? len : left_len - 2;
}

ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
	(void)fd;
	(void)data;
	MUST(!len && flags == (MSG_PEEK | MSG_TRUNC));
	return (ssize_t)next_len();
}

static void number(uint8_t *data, size_t len)
{
	struct nlmsghdr *msg = (void *)data;
	size_t at = 0;

	while (len - at >= sizeof(*msg)) {
		msg = (void *)(data + at);
		msg->nlmsg_seq = sequence;
		if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len - at)
			break;
		at += NLMSG_ALIGN(msg->nlmsg_len);
		if (at > len)
			break;
	}
}

ssize_t __wrap_recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *from,
			socklen_t *from_len)
{
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK };
	uint16_t head = next_head();
	size_t got = next_len();

	(void)fd;
	(void)flags;
	MUST(got <= len && *from_len == sizeof(sender));
	if (beyond)
		ASAN_UNPOISON_MEMORY_REGION(beyond, beyond_len);
	memcpy(data, left + 2, got);
	left += 2 + got;
	left_len -= 2 + got;
	if (!(head & AS_NUMBERED))
		number(data, got);
	beyond = (char *)data + got;
	beyond_len = len - got;
	ASAN_POISON_MEMORY_REGION(beyond, beyond_len);

	if (head & FROM_STRANGER)
		sender.nl_pid = 1;
	memcpy(from, &sender, sizeof(sender));
	return (ssize_t)got;
}

unsigned int __wrap_if_nametoindex(const char *name)
{
	(void)name;
	return IFINDEX;
}

char *__wrap_if_indextoname(unsigned int ifindex, char *name)
{
	return ifindex == IFINDEX ? strcpy(name, "fmp0") : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS];
	int count, status;

	if (!size)
		return 0;
	memcpy(words, lines[data[0] % ARRAY_SIZE(lines)], sizeof(words));
	for (count = 0; words[count]; count++)
		;
	left = data + 1;
	left_len = size - 1;
	beyond = NULL;

	status = fmp_main(count, words);
	MUST(status == STATUS_OK || status == STATUS_REFUSED);
	return 0;
}
