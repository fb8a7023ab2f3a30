// SPDX-License-Identifier: GPL-2.0
/*
 * race [-n TRIALS] [-c CHUNKS] [-S SEED] NETNS DEVICE ADDRESS PORT
 *
 * Makes a peer of the device DEVICE in the network namespace NETNS, which listens at
 * ADDRESS and PORT, and sends to it from where it was started:
 *
 * - TRIALS frames, each of them from all CPUs at once. A frame is received on the CPU
 *   that sent it, so that copies meet in the module; one of them is to be delivered.
 * - CHUNKS times 256 frames in runs, each run from another CPU than the one before. What reached
 *   the module in order must be delivered in order.
 *
 * Prints a line for each result, "ok" or "not ok".
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
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

#define CPUS_MAX	64
#define BATCH		32
#define FRAME_SIZE	1400
/* More than a lane opens at a time, of frames that keep it busier than their sender. */
#define CHUNK_MAX	256
#define MOST_QUEUED	2000
#define SMALL		8
#define LARGE		1300
#define HOST_PORT	7100
#define PEER_PORT	2121
#define PATIENCE_MS	30000

static struct {
	struct ctl ctl;
	struct sockaddr_in at;
	struct ctl_session session;
	int host;
} device;

static uint32_t peer_address, host_address;
static int sockets[CPUS_MAX];
static unsigned int n_cpus;
static uint64_t random_state;

/* Written by the main thread between rounds. */
static struct {
	uint8_t bytes[FRAME_SIZE];
	size_t len;
} batch[CHUNK_MAX];
static bool last_round;
static atomic_uint arrived, round_number;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("\nnot ok the race is run");
	exit(1);
}

static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

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

static void must(int err, const char *what)
{
	if (err)
		die("%s: %s", what, strerror(err));
}

static void move_to(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %u: %s", cpu, strerror(errno));
}

/* --- set-up */

static int open_socket(uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 16 << 20, one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    bind(fd, (void *)&here, sizeof(here)))
		die("port %u: %s", port, strerror(errno));
	return fd;
}

/* All have one source: the peer is not to be seen to move. */
static void open_senders(void)
{
	unsigned int i;

	for (i = 0; i < n_cpus; i++) {
		sockets[i] = open_socket(PEER_PORT);
		if (connect(sockets[i], (void *)&device.at, sizeof(device.at)))
			die("connect: %s", strerror(errno));
	}
}

static void make_peer(void)
{
	struct ctl_peer peer = { .address = peer_address };

	seal_seeded(peer.key, sizeof(peer.key), "peer", "race");
	must(ctl_peer_new(&device.ctl, &peer), "peer");
	memcpy(device.session.peer, peer.key, sizeof(peer.key));
}

static void make_session(const char *name)
{
	struct ctl_session *s = &device.session;

	if (s->local)
		must(ctl_session_del(&device.ctl, s->local), "session");
	seal_seeded(s->send, sizeof(s->send), "from", name);
	seal_seeded(s->receive, sizeof(s->receive), "to", name);
	seal_seeded((uint8_t *)&s->local, sizeof(s->local), "local", name);
	must(ctl_session_new(&device.ctl, s), "session");
}

static size_t make_frame(uint8_t *frame, uint64_t number, size_t payload)
{
	struct seal_head head = { .index = device.session.local, .counter = number };
	uint8_t plain[FRAME_SIZE], data[LARGE] = { 0 };
	uint64_t wire = htobe64(number);
	size_t len;

	memcpy(data, &wire, sizeof(wire));
	len = seal_udp_packet(plain, peer_address, host_address, htons(HOST_PORT), data, payload);
	return seal_frame(frame, &head, plain, len, device.session.receive);
}

/* --- counters */

static uint64_t counted(const struct ctl_counters *now, const struct ctl_counters *before,
			const char *name)
{
	unsigned int i;

	for (i = 0; i < now->n; i++)
		if (!strcmp(now->at[i].name, name))
			return now->at[i].value - before->at[i].value;
	die("no counter %s", name);
}

static uint64_t drops(const struct ctl_counters *now, const struct ctl_counters *before)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < now->n; i++)
		if (!strncmp(now->at[i].name, "rx_drop_", 8))
			sum += now->at[i].value - before->at[i].value;
	return sum;
}

/* --- receiving */

struct receiver {
	uint64_t next;
	uint64_t received, late, twice;
	uint64_t first;
	uint8_t seen[BATCH];
};

static void take(struct receiver *r, uint64_t number)
{
	r->received++;
	if (number < r->next)
		r->late++;
	else
		r->next = number + 1;
	if (number < r->first || number >= r->first + BATCH)
		r->twice++;
	else if (r->seen[number - r->first]++)
		r->twice++;
}

/* Until so many have come; false if that takes too long. */
static bool receive(struct receiver *r, uint64_t wanted)
{
	struct pollfd poller = { .fd = device.host, .events = POLLIN };
	uint64_t end = now_ms() + PATIENCE_MS, number;
	uint8_t bytes[64];

	for (;;) {
		while (recv(device.host, bytes, sizeof(bytes), MSG_DONTWAIT) >= (int)sizeof(number)) {
			memcpy(&number, bytes, sizeof(number));
			take(r, be64toh(number));
		}
		if (r->received >= wanted)
			return true;
		if (now_ms() > end)
			return false;
		poll(&poller, 1, 10);
	}
}

/* --- all at once */

/* The last one to come lets all go. */
static void meet(void)
{
	unsigned int here = atomic_load(&round_number);

	if (atomic_fetch_add(&arrived, 1) == n_cpus) {
		atomic_store(&arrived, 0);
		atomic_fetch_add(&round_number, 1);
		return;
	}
	while (atomic_load(&round_number) == here)
		sched_yield();
}

static void send_range(unsigned int cpu, unsigned int from, unsigned int n, bool reverse)
{
	static _Thread_local struct mmsghdr messages[CHUNK_MAX];
	static _Thread_local struct iovec parts[CHUNK_MAX];
	unsigned int i, at;
	int done, sent;

	memset(messages, 0, sizeof(messages));
	for (i = 0; i < n; i++) {
		at = from + (reverse ? n - 1 - i : i);
		parts[i].iov_base = batch[at].bytes;
		parts[i].iov_len = batch[at].len;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (sent = 0; sent < (int)n; sent += done) {
		done = sendmmsg(sockets[cpu], messages + sent, n - sent, 0);
		if (done <= 0)
			die("sendmmsg: %s", strerror(errno));
	}
}

static void *sender(void *arg)
{
	unsigned int cpu = (uintptr_t)arg, round;

	move_to(cpu);
	for (round = 0;; round++) {
		meet();
		if (last_round)
			return NULL;
		/* Which end they begin at is not the same for all, every other time. */
		send_range(cpu, 0, BATCH, round & 2 && cpu & 1);
		meet();
	}
}

static void make_batch(uint64_t first)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		batch[i].len = make_frame(batch[i].bytes, first + i, SMALL);
}

static void report_race(uint64_t trials, const struct receiver *r,
			const struct ctl_counters *before)
{
	struct ctl_counters now;
	uint64_t replays, delivered, handoffs;
	bool good;

	must(ctl_read_counters(&device.ctl, &now), "counters");
	delivered = counted(&now, before, "rx_ip");
	replays = counted(&now, before, "rx_drop_replay") +
		  counted(&now, before, "rx_drop_too_old");
	handoffs = counted(&now, before, "rx_handoff");
	/* Without two at the same place nothing was raced. */
	good = delivered == trials && !r->twice && replays == trials * (n_cpus - 1) &&
	       drops(&now, before) == replays && handoffs;
	printf("# %" PRIu64 " delivered, %" PRIu64 " more than once; %" PRIu64 " replays, %" PRIu64
	       " drops in all; %" PRIu64 " went through a queue\n", delivered, r->twice, replays,
	       drops(&now, before), handoffs);
	printf("%s each of %" PRIu64 " frames is accepted once, from %u CPUs at a time\n",
	       good ? "ok" : "not ok", trials, n_cpus);
}

static bool settled(const struct ctl_counters *before, uint64_t frames)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	struct ctl_counters now;

	do {
		must(ctl_read_counters(&device.ctl, &now), "counters");
		if (counted(&now, before, "rx_ip") + drops(&now, before) >= frames)
			return true;
		usleep(1000);
	} while (now_ms() < end);
	return false;
}

static void race(uint64_t trials)
{
	struct receiver r = { 0 };
	pthread_t threads[CPUS_MAX];
	struct ctl_counters before;
	unsigned int i;

	trials -= trials % BATCH;
	make_session("race");
	must(ctl_read_counters(&device.ctl, &before), "counters");
	for (i = 0; i < n_cpus; i++)
		if (pthread_create(&threads[i], NULL, sender, (void *)(uintptr_t)i))
			die("thread");
	for (r.first = 0; r.first < trials; r.first += BATCH) {
		memset(r.seen, 0, sizeof(r.seen));
		make_batch(r.first);
		meet();
		meet();
		if (!receive(&r, r.first + BATCH)) {
			printf("# lost after %" PRIu64 "\n", r.received);
			break;
		}
	}
	last_round = true;
	meet();
	for (i = 0; i < n_cpus; i++)
		pthread_join(threads[i], NULL);
	settled(&before, trials * n_cpus);
	receive(&r, 0);
	report_race(trials, &r, &before);
}

/* --- in order */

/* All that was sent has been given to the module. */
static void fence(const struct ctl_counters *before, uint64_t frames)
{
	uint64_t end = now_ms() + PATIENCE_MS;
	struct ctl_counters now;

	for (;;) {
		must(ctl_read_counters(&device.ctl, &now), "counters");
		if (counted(&now, before, "rx_frames") >= frames)
			return;
		if (now_ms() > end)
			die("the module has received %" PRIu64 " of %" PRIu64 " frames",
			    counted(&now, before, "rx_frames"), frames);
	}
}

static void order(unsigned int chunks)
{
	struct receiver r = { 0 };
	struct ctl_counters before, now;
	unsigned int cpu = 0, i, j, n;
	uint64_t sent = 0;

	make_session("order");
	move_to(cpu);
	must(ctl_read_counters(&device.ctl, &before), "counters");
	for (i = 0; i < chunks; i++) {
		/* Made ahead: what one CPU sent is still under way when another begins. */
		for (j = 0; j < CHUNK_MAX; j++)
			batch[j].len = make_frame(batch[j].bytes, sent + j, LARGE);
		for (j = 0; j < CHUNK_MAX; j += n) {
			n = next_random() % (CHUNK_MAX - j) + 1;
			send_range(cpu, j, n, false);
			sent += n;
			fence(&before, sent);
			cpu = (cpu + 1 + next_random() % (n_cpus > 1 ? n_cpus - 1 : 1)) % n_cpus;
			move_to(cpu);
		}
		receive(&r, sent > MOST_QUEUED ? sent - MOST_QUEUED : 0);
	}
	receive(&r, sent);
	must(ctl_read_counters(&device.ctl, &now), "counters");
	printf("# %" PRIu64 " of %" PRIu64 " received, %" PRIu64 " late; %" PRIu64
	       " went through a queue, lane moves: %" PRIu64 "\n", r.received, sent, r.late,
	       counted(&now, &before, "rx_handoff"), counted(&now, &before, "rx_lane_move"));
	printf("%s what arrives in order is delivered in order, whichever CPU it came to\n",
	       r.received == sent && !r.late && counted(&now, &before, "rx_handoff") &&
	       counted(&now, &before, "rx_lane_move") ? "ok" : "not ok");
}

int main(int argc, char **argv)
{
	unsigned long trials = 1000, chunks = 100;
	int opt;

	while ((opt = getopt(argc, argv, "n:c:S:")) != -1) {
		if (opt == 'n')
			trials = strtoul(optarg, NULL, 0);
		else if (opt == 'c')
			chunks = strtoul(optarg, NULL, 0);
		else if (opt == 'S')
			random_state = strtoull(optarg, NULL, 0);
		else
			return 1;
	}
	if (argc - optind != 4 || sodium_init() < 0) {
		fputs("Usage: race [-n TRIALS] [-c CHUNKS] [-S SEED] NETNS DEVICE ADDRESS PORT\n",
		      stderr);
		return 1;
	}
	n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (n_cpus > CPUS_MAX)
		n_cpus = CPUS_MAX;
	peer_address = inet_addr("10.9.0.2");
	host_address = inet_addr("10.9.0.1");
	device.at.sin_family = AF_INET;
	device.at.sin_port = htons(atoi(argv[optind + 3]));
	device.at.sin_addr.s_addr = inet_addr(argv[optind + 2]);
	open_senders();
	netns_enter(netns_open(argv[optind]));
	device.host = open_socket(HOST_PORT);
	ctl_open(&device.ctl, argv[optind + 1]);
	make_peer();
	race(trials);
	order(chunks);
	return 0;
}
