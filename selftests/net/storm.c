// SPDX-License-Identifier: GPL-2.0
/*
 * storm [-n PEERS] [-s SECONDS] [-S SEED] [-t THREADS] NETNS NETNS DEVICE
 *
 * Two devices of that name, in two namespaces, are peers of each other PEERS times over,
 * each time with three sessions. For so many seconds THREADS threads change at random
 * what there is: peers, sessions, endpoints, settings, and whether the devices are up;
 * others send datagrams over all of it and garbage at it. In the end all links are made
 * anew, and each has to carry a datagram either way.
 *
 * The first host's overlay addresses are in 10.21.0.0/16, the second one's in 10.22.0.0/16;
 * all of them are its own already. The underlay is 10.0.1.2 and 10.0.2.2.
 *
 * Prints a line for each result, "ok" or "not ok".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "seal.h"

#define PEERS_MAX	250
#define THREADS_MAX	8
#define HOST_PORT	7200
#define DEVICE_PORT	2121
#define LIST_MAX	1024
#define END_MS		60000

static const char *netns_name[2], *device_name;
static unsigned int n_peers = 100, seconds = 10, n_threads = 2;
static uint64_t seed;

static atomic_bool stopped;
static atomic_ulong n_changes, n_refused, n_sent, n_received, n_generations;
static char unexpected[128];
static atomic_bool is_unexpected;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("\nnot ok the storm is over");
	exit(1);
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* --- what is there */

/**
 * struct worker - a thread that changes things
 * @ctl: both devices
 */
struct worker {
	struct ctl ctl[2];
	uint64_t random;
};

static void open_devices(struct worker *w)
{
	unsigned int side;

	for (side = 0; side < 2; side++) {
		netns_enter(netns_open(netns_name[side]));
		ctl_open(&w->ctl[side], device_name);
	}
}

/* Overlay address of a host towards the other, on one of the links. */
static uint32_t overlay(unsigned int side, unsigned int link)
{
	return htonl(10u << 24 | (21 + side) << 16 | 1 << 8 | (link + 1));
}

static void set_endpoint(struct ctl_peer *peer, unsigned int side, unsigned int port)
{
	struct sockaddr_in *at = (void *)&peer->endpoint;

	at->sin_family = AF_INET;
	at->sin_port = htons(port);
	at->sin_addr.s_addr = htonl(10u << 24 | (side + 1) << 8 | 2);
}

static void name_key(uint8_t *key, unsigned int link)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", link);
	seal_seeded(key, FMP_PUBLIC_KEY_SIZE, "storm", name);
}

static struct ctl_peer peer_of(unsigned int side, unsigned int link)
{
	struct ctl_peer peer = { .address = overlay(!side, link) };

	name_key(peer.key, link);
	set_endpoint(&peer, !side, DEVICE_PORT);
	return peer;
}

/* The keys and indices of a generation, which is never used twice. */
static void make_sessions(struct ctl_session pair[2], unsigned int link)
{
	unsigned long generation = atomic_fetch_add(&n_generations, 1);
	char name[48];

	snprintf(name, sizeof(name), "%" PRIu64 " %lu", seed, generation);
	memset(pair, 0, 2 * sizeof(*pair));
	name_key(pair[0].peer, link);
	seal_seeded(pair[0].send, SEAL_KEY_LEN, "there", name);
	seal_seeded(pair[0].receive, SEAL_KEY_LEN, "back", name);
	seal_seeded((uint8_t *)&pair[0].local, sizeof(pair[0].local), "a", name);
	seal_seeded((uint8_t *)&pair[0].remote, sizeof(pair[0].remote), "b", name);
	memcpy(pair[1].peer, pair[0].peer, sizeof(pair[0].peer));
	memcpy(pair[1].send, pair[0].receive, SEAL_KEY_LEN);
	memcpy(pair[1].receive, pair[0].send, SEAL_KEY_LEN);
	pair[1].local = pair[0].remote;
	pair[1].remote = pair[0].local;
}

/* --- changes */

/* What is not there may be gone, what is there may have come back. */
static void note(int err, const char *what)
{
	atomic_fetch_add(&n_changes, 1);
	if (!err)
		return;
	atomic_fetch_add(&n_refused, 1);
	if (err == ENOENT || err == EEXIST || err == EADDRINUSE)
		return;
	if (!atomic_exchange(&is_unexpected, true))
		snprintf(unexpected, sizeof(unexpected), "%s: %s", what, strerror(err));
}

static int renew(struct worker *w, unsigned int link, unsigned int initiator)
{
	struct ctl_session pair[2];
	int err;

	make_sessions(pair, link);
	/* The one that answers has the keys first. */
	err = ctl_session_new(&w->ctl[!initiator], &pair[!initiator]);
	pair[initiator].initiator = true;
	return ctl_session_new(&w->ctl[initiator], &pair[initiator]) ?: err;
}

static int del_session(struct worker *w, unsigned int side, unsigned int link)
{
	struct ctl_session list[8];
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	unsigned int n;
	int err;

	name_key(key, link);
	err = ctl_sessions(&w->ctl[side], key, list, 8, &n);
	if (err || !n)
		return err;
	return ctl_session_del(&w->ctl[side], list[next_random(&w->random) % (n < 8 ? n : 8)].local);
}

static int move_peer(struct worker *w, unsigned int side, unsigned int link)
{
	struct ctl_peer peer = peer_of(side, link);

	/* Where it is, or where nobody is. */
	set_endpoint(&peer, !side, DEVICE_PORT + (next_random(&w->random) & 1));
	return ctl_peer_move(&w->ctl[side], &peer);
}

/* The sockets close and open again; then frames come from where they did. */
static int change_port(struct ctl *ctl, unsigned int port)
{
	struct ctl_setting setting = CTL_NO_SETTING;
	int err;

	setting.port = port;
	err = ctl_set(ctl, &setting);

	setting.port = DEVICE_PORT;
	return ctl_set(ctl, &setting) ?: err;
}

static int change_setting(struct worker *w, unsigned int side)
{
	struct ctl_setting setting = CTL_NO_SETTING;
	uint64_t r = next_random(&w->random);

	switch (r % 5) {
	case 0:
		return change_port(&w->ctl[side], DEVICE_PORT + 10 + (r >> 8) % 2);
	case 1:
		setting.source_check = r >> 8 & 1;
		break;
	case 2:
		setting.fwmark = r >> 8 & 1;
		break;
	case 3:
		setting.multicast = r >> 8 & 1;
		break;
	case 4:
		setting.tos = r >> 8 & 1;
		break;
	}
	return ctl_set(&w->ctl[side], &setting);
}

static void look_around(struct worker *w, unsigned int side)
{
	struct ctl_session list[1];
	struct ctl_counters counters;
	unsigned int n;

	note(ctl_peers_dump(&w->ctl[side], &n), "peers");
	note(ctl_sessions(&w->ctl[side], NULL, list, 1, &n), "sessions");
	note(ctl_read_counters(&w->ctl[side], &counters), "counters");
}

static int add_route(struct worker *w, unsigned int side)
{
	return ctl_route(&w->ctl[side], overlay(!side, 0) & htonl(0xffff0000), 16);
}

/* The route goes with it; and another may have set it down again meanwhile. */
static void down_up(struct worker *w, unsigned int side)
{
	int err;

	note(ctl_link(&w->ctl[side], false), "down");
	note(ctl_link(&w->ctl[side], true), "up");
	err = add_route(w, side);
	note(err == ENETDOWN ? 0 : err, "route");
}

static void replace_peer(struct worker *w, unsigned int side, unsigned int link)
{
	struct ctl_peer peer = peer_of(side, link);

	note(ctl_peer_del(&w->ctl[side], peer.key), "peer del");
	note(ctl_peer_new(&w->ctl[side], &peer), "peer new");
	note(renew(w, link, side), "session new");
}

static void change(struct worker *w)
{
	uint64_t r = next_random(&w->random);
	unsigned int what = r % 100, side = r >> 8 & 1, link = (r >> 16) % n_peers;

	if (what < 50)
		note(renew(w, link, side), "session new");
	else if (what < 62)
		note(del_session(w, side, link), "session del");
	else if (what < 76)
		note(move_peer(w, side, link), "peer set");
	else if (what < 90)
		replace_peer(w, side, link);
	else if (what < 94)
		note(change_setting(w, side), "dev set");
	else if (what < 99)
		look_around(w, side);
	else
		down_up(w, side);
}

static void *worker(void *arg)
{
	struct worker *w = arg;

	open_devices(w);
	while (!stopped)
		change(w);
	return NULL;
}

/* --- traffic */

/**
 * struct host - what a host sends and receives with
 * @sockets: one for each link, with its overlay address
 */
struct host {
	unsigned int side;
	int listener;
	int sockets[PEERS_MAX];
	uint64_t random;
	bool heard[PEERS_MAX];
};

static int bound_socket(uint32_t address, uint16_t port)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = address,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (void *)&here, sizeof(here)))
		die("bind: %s", strerror(errno));
	return fd;
}

static void open_host(struct host *h)
{
	unsigned int i;

	netns_enter(netns_open(netns_name[h->side]));
	h->listener = bound_socket(0, HOST_PORT);
	for (i = 0; i < n_peers; i++)
		h->sockets[i] = bound_socket(overlay(h->side, i), 0);
}

static bool send_on(const struct host *h, unsigned int link, size_t len)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = overlay(!h->side, link),
		.sin_port = htons(HOST_PORT),
	};
	static const char zero[4096];

	return sendto(h->sockets[link], zero, len, 0, (void *)&to, sizeof(to)) >= 0;
}

static void hear(struct host *h)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	unsigned int link;
	char bytes[4096];

	while (recvfrom(h->listener, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&from, &len) >= 0) {
		atomic_fetch_add(&n_received, 1);
		link = (ntohl(from.sin_addr.s_addr) & 255) - 1;
		if (link < n_peers)
			h->heard[link] = true;
		len = sizeof(from);
	}
}

static int multicast_socket(void)
{
	struct ip_mreqn out = { .imr_ifindex = if_nametoindex(device_name) };
	int fd = bound_socket(0, 0);

	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)))
		die("multicast: %s", strerror(errno));
	return fd;
}

static void send_multicast(int fd)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_UNSPEC_GROUP + 251),
		.sin_port = htons(HOST_PORT),
	};

	sendto(fd, "all", 3, 0, (void *)&to, sizeof(to));
}

/* By turns a flow, single datagrams, some to all, and garbage to the other's port. */
static void *traffic(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DEVICE_PORT) };
	struct host *h = arg;
	unsigned int link, i;
	uint64_t junk[24];
	int attacker, caller;

	netns_enter(netns_open(netns_name[h->side]));
	attacker = bound_socket(0, 0);
	caller = multicast_socket();
	to.sin_addr.s_addr = htonl(10u << 24 | (!h->side + 1) << 8 | 2);
	while (!stopped) {
		link = next_random(&h->random) % n_peers;
		for (i = next_random(&h->random) % 8; i; i--)
			if (send_on(h, link, next_random(&h->random) % 1300))
				atomic_fetch_add(&n_sent, 1);
		for (i = 0; i < 24; i++)
			junk[i] = next_random(&h->random);
		memcpy(junk, (uint8_t[]){ junk[0] & 3, 1, 160, 0 }, 4);
		if (!(junk[1] & 15))
			send_multicast(caller);
		sendto(attacker, junk, sizeof(junk), 0, (void *)&to, sizeof(to));
		hear(h);
	}
	close(caller);
	close(attacker);
	return NULL;
}

/* --- before and after */

static void must(int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(err));
}

static void add_peers(struct worker *w)
{
	struct ctl_peer peer;
	unsigned int side, i;

	for (side = 0; side < 2; side++) {
		for (i = 0; i < n_peers; i++) {
			peer = peer_of(side, i);
			must(ctl_peer_new(&w->ctl[side], &peer), "peer");
		}
	}
}

/* One drains, one is in use, one waits. */
static void add_sessions(struct worker *w, struct host hosts[2])
{
	struct ctl_session pair[2];
	unsigned int i;

	for (i = 0; i < n_peers; i++)
		must(renew(w, i, 0), "first session");
	for (i = 0; i < n_peers; i++)
		must(renew(w, i, i & 1), "second session");
	usleep(1000000);
	/* That proves it to the one who answered. */
	for (i = 0; i < n_peers; i++)
		send_on(&hosts[i & 1], i, 100);
	usleep(200000);
	for (i = 0; i < n_peers; i++) {
		make_sessions(pair, i);
		must(ctl_session_new(&w->ctl[0], &pair[0]), "third session");
		must(ctl_session_new(&w->ctl[1], &pair[1]), "third session");
	}
}

static void count_sessions(struct worker *w)
{
	struct ctl_session list[1];
	unsigned int n[2];

	must(ctl_sessions(&w->ctl[0], NULL, list, 1, &n[0]), "sessions");
	must(ctl_sessions(&w->ctl[1], NULL, list, 1, &n[1]), "sessions");
	printf("# sessions: %u and %u\n", n[0], n[1]);
}

static void clear(struct worker *w)
{
	struct ctl_setting setting = CTL_NO_SETTING;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	unsigned int side, i, n;

	setting.port = DEVICE_PORT;
	setting.source_check = 1;
	setting.fwmark = 0;
	for (side = 0; side < 2; side++) {
		must(ctl_link(&w->ctl[side], true), "up");
		must(add_route(w, side), "route");
		must(ctl_set(&w->ctl[side], &setting), "settings");
		for (i = 0; i < n_peers; i++) {
			name_key(key, i);
			ctl_peer_del(&w->ctl[side], key);
		}
		must(ctl_peers_dump(&w->ctl[side], &n), "peers");
		if (n)
			die("%u peers are left", n);
	}
}

static unsigned int deaf(const struct host *h)
{
	unsigned int i, n = 0;

	for (i = 0; i < n_peers; i++)
		n += !h->heard[i];
	return n;
}

static void calm(struct worker *w, struct host hosts[2])
{
	uint64_t end = now_ms() + END_MS;
	unsigned int i, side;

	clear(w);
	add_peers(w);
	for (i = 0; i < n_peers; i++)
		must(renew(w, i, 0), "session");
	for (side = 0; side < 2; side++) {
		/* What is left in the queue is of before. */
		hear(&hosts[side]);
		memset(hosts[side].heard, 0, sizeof(hosts[side].heard));
	}
	do {
		for (side = 0; side < 2; side++)
			for (i = 0; i < n_peers; i++)
				if (!hosts[!side].heard[i])
					send_on(&hosts[side], i, 100);
		usleep(20000);
		hear(&hosts[0]);
		hear(&hosts[1]);
	} while (deaf(&hosts[0]) + deaf(&hosts[1]) && now_ms() < end);
	printf("# silent links: %u and %u\n", deaf(&hosts[0]), deaf(&hosts[1]));
	printf("%s in the end each of %u links carries traffic\n",
	       deaf(&hosts[0]) + deaf(&hosts[1]) ? "not ok" : "ok", n_peers);
}

static void storm(struct worker *workers, struct host hosts[2])
{
	pthread_t threads[THREADS_MAX + 2];
	unsigned int i, n = 0;

	for (i = 0; i < n_threads; i++, n++)
		if (pthread_create(&threads[n], NULL, worker, &workers[i]))
			die("thread");
	for (i = 0; i < 2; i++, n++)
		if (pthread_create(&threads[n], NULL, traffic, &hosts[i]))
			die("thread");
	sleep(seconds);
	stopped = true;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("# %lu changes, %lu refused; %lu datagrams sent, %lu received\n", n_changes,
	       n_refused, n_sent, n_received);
	if (is_unexpected)
		printf("# %s\n", unexpected);
	printf("%s what is refused is refused for a reason\n", is_unexpected ? "not ok" : "ok");
	printf("%s there were changes, and traffic went on\n",
	       n_changes > 100 && n_received > 100 ? "ok" : "not ok");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct host hosts[2] = { { .side = 0 }, { .side = 1 } };
	static struct worker workers[THREADS_MAX], own;
	unsigned int i;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:S:t:")) != -1) {
		if (opt == 'n')
			n_peers = strtoul(optarg, NULL, 0);
		else if (opt == 's')
			seconds = strtoul(optarg, NULL, 0);
		else if (opt == 'S')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 't')
			n_threads = strtoul(optarg, NULL, 0);
		else
			return 1;
	}
	if (argc - optind != 3 || sodium_init() < 0 || !n_peers || n_peers > PEERS_MAX ||
	    n_threads > THREADS_MAX) {
		fputs("Usage: storm [-n PEERS] [-s SECONDS] [-S SEED] [-t THREADS] NETNS NETNS DEVICE\n",
		      stderr);
		return 1;
	}
	netns_name[0] = argv[optind];
	netns_name[1] = argv[optind + 1];
	device_name = argv[optind + 2];
	open_devices(&own);
	for (i = 0; i < n_threads; i++)
		workers[i].random = seed + i;
	for (i = 0; i < 2; i++) {
		hosts[i].random = seed + 1000 + i;
		open_host(&hosts[i]);
	}
	for (i = 0; i < 2; i++)
		must(add_route(&own, i), "route");
	add_peers(&own);
	add_sessions(&own, hosts);
	count_sessions(&own);
	storm(workers, hosts);
	calm(&own, hosts);
	return 0;
}
