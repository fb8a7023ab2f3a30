// SPDX-License-Identifier: GPL-2.0
/*
 * bench-peers new DEVICE FIRST COUNT SIDE REMOTE PORT [HEARTBEAT]
 * bench-peers del DEVICE FIRST COUNT
 *
 * Gives an fmp device peers with a session each, or takes peers away, and prints how many
 * nanoseconds that took. The peers FIRST, FIRST + 1 .. are at the same place, and differ
 * in their keys and in their addresses, on side 0 10.32.0.0 plus their number, on side 1
 * 10.64.0.0 likewise. What both sides are given fits together. The keys can be told by
 * anybody: no more than a load comes of them.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../net/ctl.h"

#define NETWORK_0	0x0a200000u
#define NETWORK_1	0x0a400000u

/**
 * struct host - the side that is given peers
 * @side: 0 or 1
 * @at: where all of its peers are
 * @heartbeat: seconds, 0 for none
 */
struct host {
	struct ctl ctl;
	unsigned int side;
	struct sockaddr_in at;
	uint16_t heartbeat;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Different for each name, and cheap: what it takes is measured too. */
static void make_bytes(uint8_t *bytes, size_t len, uint32_t number, uint32_t what)
{
	uint64_t x = (uint64_t)number << 32 | what;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = x >> 56;
	}
}

static uint32_t index_of(uint32_t number, unsigned int side)
{
	return 0x40000000u + 2 * number + side;
}

/* Each side's key to send is the other's to receive. */
static int new_session(struct host *host, uint32_t number)
{
	struct ctl_session session = {
		.local = index_of(number, host->side),
		.remote = index_of(number, !host->side),
		.initiator = !host->side,
	};

	make_bytes(session.peer, sizeof(session.peer), number, 1);
	make_bytes(session.send, sizeof(session.send), number, 2 + host->side);
	make_bytes(session.receive, sizeof(session.receive), number, 2 + !host->side);
	return ctl_session_new(&host->ctl, &session);
}

static int new_peer(struct host *host, uint32_t number)
{
	uint32_t network = host->side ? NETWORK_0 : NETWORK_1;
	struct ctl_peer peer = {
		.address = htonl(network + number), .heartbeat = host->heartbeat,
	};

	make_bytes(peer.key, sizeof(peer.key), number, 1);
	memcpy(&peer.endpoint, &host->at, sizeof(host->at));
	return ctl_peer_new(&host->ctl, &peer) ?: new_session(host, number);
}

static int del_peer(struct host *host, uint32_t number)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	make_bytes(key, sizeof(key), number, 1);
	return ctl_peer_del(&host->ctl, key);
}

static int usage(void)
{
	fprintf(stderr, "usage: bench-peers new DEVICE FIRST COUNT SIDE REMOTE PORT [HEARTBEAT] | del DEVICE FIRST COUNT\n");
	return 2;
}

int main(int argc, char **argv)
{
	int (*change)(struct host *host, uint32_t number) = del_peer;
	struct host host = { .at.sin_family = AF_INET };
	uint32_t first, count, i;
	uint64_t start;
	int err;

	if ((argc == 8 || argc == 9) && !strcmp(argv[1], "new")) {
		change = new_peer;
		host.side = atoi(argv[5]);
		host.at.sin_addr.s_addr = inet_addr(argv[6]);
		host.at.sin_port = htons(atoi(argv[7]));
		host.heartbeat = argc == 9 ? atoi(argv[8]) : 0;
	} else if (argc != 5 || strcmp(argv[1], "del")) {
		return usage();
	}
	ctl_open(&host.ctl, argv[2]);
	first = atoi(argv[3]);
	count = atoi(argv[4]);

	start = now_ns();
	for (i = first; i < first + count; i++) {
		err = change(&host, i);
		if (err) {
			fprintf(stderr, "bench-peers: peer %" PRIu32 ": %s\n", i, strerror(err));
			return 1;
		}
	}
	printf("%" PRIu64 "\n", now_ns() - start);
	return 0;
}
