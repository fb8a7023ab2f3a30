// SPDX-License-Identifier: GPL-2.0
/*
 * UDP datagrams that are handed to the kernel in batches, one UDP GSO packet each, and
 * what becomes of them.
 *
 * gso send [-t TOS] [-l] ADDRESS PORT BATCH...
 *	sends the batches, with few of them under way at a time. -l does not expect each
 *	to arrive, and tells the other side when it was the last. Prints what the last
 *	one that the kernel refuses is refused for.
 * gso receive [-g] PORT BATCH...
 *	prints "ready", and when all have arrived, or no more come, how many datagrams
 *	did, how many are missing, came twice, late, or with wrong contents. -g asks for
 *	several at a time, as UDP GRO has them.
 *
 * A batch is SIZExCOUNT[+LAST][*TIMES]: COUNT datagrams of SIZE bytes, after which comes
 * one of LAST bytes. Both sides are given the same.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif
#ifndef UDP_GRO
#define UDP_GRO		104
#endif

#define MAX_BATCH	65535
#define MAX_BATCHES	1024
#define ROOM		(16 << 20)

/* Datagrams of fewer bytes have no number, and come in order or not at all. */
#define NUMBERED	4
/* What tells of the end is shorter than what is numbered. */
#define END		"end"
#define END_SIZE	3
/* Milliseconds: until somebody is gone, for what may be lost, for stragglers, and for what
 * comes again when all is there.
 */
#define SILENCE		10000
#define PATIENCE	50
#define LATEST		300
#define AGAIN		50

struct batch {
	uint32_t first;		/* number of its first datagram */
	unsigned int size, count, last;
};

static struct batch batches[MAX_BATCHES];
static size_t batch_count;
static uint32_t total;

static int fail(const char *what)
{
	fprintf(stderr, "gso: %s: %s\n", what, strerror(errno));
	return 2;
}

static int usage(void)
{
	fprintf(stderr, "Usage: gso send [-t TOS] [-l] ADDRESS PORT BATCH...\n"
			"       gso receive [-g] PORT BATCH...\n"
			"BATCH is SIZExCOUNT[+LAST][*TIMES]\n");
	return 1;
}

/* --- what is sent */

static unsigned int datagrams_of(const struct batch *batch)
{
	return batch->count + (batch->last ? 1 : 0);
}

static bool add_batch(const char *word)
{
	struct batch batch = { 0 };
	unsigned int times = 1;
	int used = 0, more = 0;

	if (sscanf(word, "%ux%u%n", &batch.size, &batch.count, &used) != 2)
		return false;
	word += used;
	if (sscanf(word, "+%u%n", &batch.last, &more) == 1)
		word += more;
	if (sscanf(word, "*%u%n", &times, &more) == 1)
		word += more;
	if (*word || !batch.size || !batch.count || batch.last > batch.size ||
	    batch.size * batch.count + batch.last > MAX_BATCH)
		return false;
	while (times--) {
		if (batch_count == MAX_BATCHES)
			return false;
		batch.first = total;
		batches[batch_count++] = batch;
		total += datagrams_of(&batch);
	}
	return true;
}

static bool add_batches(char **words)
{
	for (; *words; words++)
		if (!add_batch(*words))
			return false;
	return batch_count > 0;
}

static unsigned int size_of(uint32_t number)
{
	size_t low = 0, high = batch_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (batches[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return number - batches[low].first < batches[low].count ? batches[low].size :
								  batches[low].last;
}

/* No two datagrams have the same contents, nor two parts of one. */
static void fill(unsigned char *to, uint32_t number, unsigned int size)
{
	uint32_t word = number * 2654435761u + 1, head = htonl(number);
	unsigned int i;

	for (i = 0; i < size; i++) {
		word = word * 1664525 + 1013904223;
		to[i] = (unsigned char)(word >> 24);
	}
	if (size >= NUMBERED)
		memcpy(to, &head, sizeof(head));
}

static unsigned int fill_batch(unsigned char *to, const struct batch *batch)
{
	unsigned int i, size, at = 0;

	for (i = 0; i < datagrams_of(batch); i++, at += size) {
		size = i < batch->count ? batch->size : batch->last;
		fill(to + at, batch->first + i, size);
	}
	return at;
}

/* --- sending */

static int fd;
static bool lossy;
static uint32_t acknowledged;

/* Takes what the other side has seen; false after so many milliseconds without. */
static bool take_answer(int patience)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint32_t answer;

	if (poll(&poll_fd, 1, patience) != 1)
		return false;
	if (recv(fd, &answer, sizeof(answer), 0) == sizeof(answer) && ntohl(answer) > acknowledged)
		acknowledged = ntohl(answer);
	return true;
}

static bool await_room(uint32_t wanted)
{
	while (acknowledged < wanted)
		if (!take_answer(lossy ? PATIENCE : SILENCE))
			return lossy;
	return true;
}

static int send_batch(const struct batch *batch)
{
	static unsigned char packet[MAX_BATCH];
	unsigned int length = fill_batch(packet, batch);
	int size = length > batch->size ? (int)batch->size : 0;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)))
		return fail("UDP_SEGMENT");
	/* The path may have told of something: that is another's packet. */
	if (send(fd, packet, length, 0) < 0 && send(fd, packet, length, 0) < 0)
		return fail("send");
	return 0;
}

static int send_all(void)
{
	int size = 0, tries, err = 0;
	size_t i;

	for (i = 0; i < batch_count && !err; i++) {
		if (i > 1 && !await_room(batches[i - 1].first)) {
			fprintf(stderr, "gso: no answer after %u datagrams\n", acknowledged);
			return 2;
		}
		err = send_batch(&batches[i]);
	}
	/* What it answers later would be refused, which makes packets of its own. */
	if (!lossy) {
		/* Its last answers may be lost; it tells itself what has arrived. */
		while (!err && acknowledged < total && take_answer(LATEST))
			;
		return err;
	}
	setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size));
	for (tries = 0; tries < 100 && acknowledged != UINT32_MAX; tries++) {
		if (send(fd, END, END_SIZE, 0) < 0 && errno == ECONNREFUSED)
			break;
		while (acknowledged != UINT32_MAX && take_answer(PATIENCE))
			;
	}
	return err;
}

static int open_sender(const char *address, const char *port, int tos)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	bool is4 = inet_pton(AF_INET, address, &to4.sin_addr) == 1;
	int err;

	if (!is4 && inet_pton(AF_INET6, address, &to6.sin6_addr) != 1)
		return usage();
	to4.sin_port = to6.sin6_port = htons((uint16_t)atoi(port));
	fd = socket(is4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0)
		return fail("socket");
	if (is4)
		err = setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	else
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	if (err)
		return fail("traffic class");
	if (is4)
		err = connect(fd, (void *)&to4, sizeof(to4));
	else
		err = connect(fd, (void *)&to6, sizeof(to6));
	return err ? fail(address) : 0;
}

static int run_send(int argc, char **argv)
{
	int option, tos = 0, err;

	while ((option = getopt(argc, argv, "t:l")) != -1) {
		if (option == '?')
			return usage();
		if (option == 't')
			tos = (int)strtol(optarg, NULL, 0);
		else
			lossy = true;
	}
	if (argc - optind < 3 || !add_batches(argv + optind + 2))
		return usage();
	err = open_sender(argv[optind], argv[optind + 1], tos);
	return err ? err : send_all();
}

/* --- receiving */

static unsigned int arrived, twice, late, bad, together;
static uint32_t next;		/* after the highest number so far */
static bool *seen;

static uint32_t number_of(const unsigned char *datagram, size_t size)
{
	uint32_t number;

	if (size < NUMBERED)
		return next;
	memcpy(&number, datagram, sizeof(number));
	return ntohl(number);
}

static bool is_right(const unsigned char *datagram, size_t size, uint32_t number)
{
	static unsigned char wanted[MAX_BATCH];

	if (number >= total || size != size_of(number))
		return false;
	fill(wanted, number, (unsigned int)size);
	return !memcmp(datagram, wanted, size);
}

static void look_at(const unsigned char *datagram, size_t size)
{
	uint32_t number = number_of(datagram, size);

	if (!is_right(datagram, size, number)) {
		if (!bad++)
			fprintf(stderr, "gso: wrong: %zu bytes, as number %u, after number %u\n", size,
				number, next - 1);
		return;
	}
	if (seen[number]) {
		twice++;
		return;
	}
	seen[number] = true;
	arrived++;
	if (number < next)
		late++;
	else
		next = number + 1;
}

static void answer(uint32_t number, const struct sockaddr_in6 *to)
{
	number = htonl(number);
	sendto(fd, &number, sizeof(number), 0, (const void *)to, sizeof(*to));
}

/* Of each of those that came as one, or of the only one. */
static size_t size_of_each(struct msghdr *message, size_t size)
{
	struct cmsghdr *cmsg;
	int each;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg; cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_UDP || cmsg->cmsg_type != UDP_GRO)
			continue;
		memcpy(&each, CMSG_DATA(cmsg), sizeof(each));
		if (each > 0)
			return (size_t)each;
	}
	return size;
}

static void take(const unsigned char *datagram, size_t size, const struct sockaddr_in6 *from,
		 bool *ended)
{
	if (size == END_SIZE && !memcmp(datagram, END, END_SIZE)) {
		*ended = true;
		answer(UINT32_MAX, from);
		return;
	}
	look_at(datagram, size);
	answer(next, from);
}

/* What is there at once; false after so many milliseconds without. */
static bool receive_some(int patience, bool *ended)
{
	static unsigned char datagrams[MAX_BATCH];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct iovec part = { .iov_base = datagrams, .iov_len = sizeof(datagrams) };
	char control[CMSG_SPACE(sizeof(int))];
	struct sockaddr_in6 from;
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	size_t at, each, left;
	ssize_t size;

	if (poll(&poll_fd, 1, patience) != 1)
		return false;
	size = recvmsg(fd, &message, 0);
	if (size <= 0)
		return false;
	each = size_of_each(&message, (size_t)size);
	if ((size_t)size > each)
		together++;
	for (at = 0; at < (size_t)size; at += each) {
		left = (size_t)size - at;
		take(datagrams + at, left < each ? left : each, &from, ended);
	}
	return true;
}

static int open_receiver(const char *port, int merged)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port)) };
	int room = ROOM;

	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    (merged && setsockopt(fd, SOL_UDP, UDP_GRO, &merged, sizeof(merged))) ||
	    bind(fd, (void *)&at, sizeof(at)))
		return fail("socket");
	return 0;
}

static int run_receive(int argc, char **argv)
{
	bool ended = false;
	int err, merged = argc > 1 && !strcmp(argv[1], "-g");

	argc -= merged;
	argv += merged;
	if (argc < 3 || !add_batches(argv + 2))
		return usage();
	seen = calloc(total, sizeof(*seen));
	err = open_receiver(argv[1], merged);
	if (err || !seen)
		return err ? err : fail("memory");
	puts("ready");
	fflush(stdout);
	while (receive_some(ended ? LATEST : arrived == total ? AGAIN : SILENCE, &ended))
		;
	if (merged)
		printf("%u times several\n", together);
	printf("%u datagrams, %u missing, %u twice, %u late, %u bad\n", arrived, total - arrived,
	       twice, late, bad);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "send"))
		return run_send(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "receive"))
		return run_receive(argc - 1, argv + 1);
	return usage();
}
