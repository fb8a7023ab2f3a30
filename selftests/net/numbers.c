// SPDX-License-Identifier: GPL-2.0
/*
 * numbers receive PORT [gap]: counts numbered datagrams of both families, and prints
 * a line when it is ready, whenever none has come for a while, and at SIGTERM; with
 * the longest time in which none came, once one had, if that is asked for.
 *
 * numbers send ADDRESS PORT INTERVAL-US [SIZE [FIRST COUNT]]: sends them until
 * SIGTERM, or COUNT of them from FIRST on, then prints how many. What the network
 * refused to take is tried again.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define IDLE_MS		100
#define BUFFER_SIZE	(64 << 20)
#define NUMBERS		(1u << 24)

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "numbers: %s: %s\n", what, strerror(errno));
	return 2;
}

/* --- receiving */

struct tally {
	uint64_t received, duplicates, reordered, highest;
	uint64_t last_ms, gap_ms;
	bool tell_gap;
	unsigned char seen[NUMBERS / 8];
};

static void report(const struct tally *t)
{
	printf("received %llu duplicates %llu reordered %llu highest %llu",
	       (unsigned long long)t->received, (unsigned long long)t->duplicates,
	       (unsigned long long)t->reordered, (unsigned long long)t->highest);
	if (t->tell_gap)
		printf(" gap-ms %llu", (unsigned long long)t->gap_ms);
	putchar('\n');
	fflush(stdout);
}

static void note_gap(struct tally *t)
{
	struct timespec time;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &time);
	now = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
	if (t->last_ms && now - t->last_ms > t->gap_ms)
		t->gap_ms = now - t->last_ms;
	t->last_ms = now;
}

static void count(struct tally *t, uint64_t number)
{
	unsigned char bit = 1 << number % 8;

	if (t->seen[number / 8] & bit) {
		t->duplicates++;
		return;
	}
	t->seen[number / 8] |= bit;
	if (t->received++ && number < t->highest)
		t->reordered++;
	else
		t->highest = number;
}

/* Takes all that is there. */
static int drain(int fd, struct tally *t)
{
	unsigned char datagram[65536];
	uint64_t number;
	ssize_t length;

	while ((length = recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT)) >= 0) {
		if ((size_t)length < sizeof(number))
			continue;
		memcpy(&number, datagram, sizeof(number));
		number = be64toh(number);
		if (number >= NUMBERS)
			continue;
		if (t->tell_gap)
			note_gap(t);
		count(t, number);
	}
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static int listen_at(unsigned int port)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int off = 0, size = BUFFER_SIZE;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (void *)&here, sizeof(here)))
		return -1;
	return fd;
}

static int receive(unsigned int port, bool gap)
{
	static struct tally tally;
	struct pollfd poller = { .events = POLLIN };
	bool changed = false;

	tally.tell_gap = gap;
	poller.fd = listen_at(port);
	if (poller.fd < 0)
		return fail("receive");
	report(&tally);
	while (!stopped) {
		if (poll(&poller, 1, IDLE_MS) > 0) {
			if (drain(poller.fd, &tally))
				return fail("recv");
			changed = true;
		} else if (changed) {
			report(&tally);
			changed = false;
		}
	}
	drain(poller.fd, &tally);
	report(&tally);
	return 0;
}

/* --- sending */

struct target {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	};
	socklen_t length;
};

static bool parse_target(struct target *to, const char *address, unsigned int port)
{
	if (inet_pton(AF_INET, address, &to->ip4.sin_addr) == 1) {
		to->any.sa_family = AF_INET;
		to->ip4.sin_port = htons(port);
		to->length = sizeof(to->ip4);
		return true;
	}
	if (inet_pton(AF_INET6, address, &to->ip6.sin6_addr) == 1) {
		to->any.sa_family = AF_INET6;
		to->ip6.sin6_port = htons(port);
		to->length = sizeof(to->ip6);
		return true;
	}
	return false;
}

/* Else a full queue would drop in silence. */
static int open_sender(const struct target *to)
{
	int fd = socket(to->any.sa_family, SOCK_DGRAM, 0), on = 1, err;

	if (fd < 0)
		return -1;
	if (to->any.sa_family == AF_INET)
		err = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	else
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	return err ? -1 : fd;
}

/* Of a host that is not reachable an earlier datagram tells, this one was not sent. */
static bool try_again(void)
{
	return errno == ENOBUFS || errno == EAGAIN || errno == EINTR || errno == EHOSTUNREACH;
}

static int send_to(const struct target *to, unsigned long interval, size_t size,
		   uint64_t number, uint64_t end)
{
	const struct timespec pause = {
		.tv_sec = interval / 1000000,
		.tv_nsec = interval % 1000000 * 1000,
	};
	static unsigned char datagram[65536];
	uint64_t first = number, wire;
	int fd = open_sender(to);

	if (fd < 0)
		return fail("socket");
	while (!stopped && number < end) {
		wire = htobe64(number);
		memcpy(datagram, &wire, sizeof(wire));
		if (sendto(fd, datagram, size, 0, &to->any, to->length) >= 0)
			number++;
		else if (!try_again())
			return fail("sendto");
		nanosleep(&pause, NULL);
	}
	printf("sent %llu\n", (unsigned long long)(number - first));
	return 0;
}

/* --- arguments */

static bool number_in(unsigned long *number, const char *text, unsigned long low,
		      unsigned long high)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 0);
	return !errno && *text && !*end && *number >= low && *number <= high;
}

static int usage(void)
{
	fprintf(stderr, "Usage: numbers receive PORT [gap]\n"
			"       numbers send ADDRESS PORT INTERVAL-US [SIZE [FIRST COUNT]]\n");
	return 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	unsigned long port, interval, size = 64, first = 0, count = NUMBERS;
	struct target to = { 0 };

	sigaction(SIGTERM, &action, NULL);
	if ((argc == 3 || (argc == 4 && !strcmp(argv[3], "gap"))) &&
	    !strcmp(argv[1], "receive") && number_in(&port, argv[2], 1, 65535))
		return receive(port, argc == 4);
	if (argc < 5 || argc > 8 || argc == 7 || strcmp(argv[1], "send") ||
	    !number_in(&port, argv[3], 1, 65535) || !parse_target(&to, argv[2], port) ||
	    !number_in(&interval, argv[4], 1, 1000000000) ||
	    (argc > 5 && !number_in(&size, argv[5], sizeof(uint64_t), 65507)) ||
	    (argc > 6 && (!number_in(&first, argv[6], 0, NUMBERS) ||
			  !number_in(&count, argv[7], 1, NUMBERS - first))))
		return usage();
	return send_to(&to, interval, size, first, first + count);
}
