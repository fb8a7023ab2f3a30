// SPDX-License-Identifier: GPL-2.0
/*
 * framefuzz [-s SECONDS] [-S SEED] [-t PROCESSES] [-r RECIPE] NETNS
 *
 * Has devices receive what recipes make: frames under keys that they know, with contents right
 * and wrong, and what only looks like frames, one by one and in batches. Each process has a
 * device of its own, fmpN at port 2121 + N, above a tun device, uN. Sessions are renewed all the
 * time. One peer more is there to be watched: all that is sent in its name is forged, but for a
 * heartbeat now and then, which is all that may arrive. Of some datagrams it is seen to that
 * they are counted once, and as what they are; in the end, that all were counted once.
 *
 * On a kernel that tells what it runs through, recipes that lead to something new are kept and
 * changed. A finding comes with recipes: -r does what one says, and prints it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/fmp.h>

#include "account.h"
#include "bus.h"
#include "clock.h"
#include "coverage.h"
#include "ctl.h"
#include "findings.h"
#include "forgery.h"
#include "underlay.h"
#include "verdict.h"

#define PROCESSES_MAX	8
#define PEERS		4
/* Things sent between looking at what came of it, and between settings. */
#define LOOK_EACH	128
#define SET_EACH	640
#define TAINT_EACH	8
#define JUDGE_EACH	8
/* Seconds until a heartbeat must have arrived. */
#define PATIENCE	10.0
/* In which so many frames end, of about 30 counters. */
#define WAYS_MIN	20
#define FRAMES_MANY	20000

/**
 * struct shared - what all processes count
 */
struct shared {
	atomic_ulong sent, frames, looks, judged;
	atomic_uint places[PROCESSES_MAX], kept[PROCESSES_MAX];
};

/**
 * struct fuzzer - one process
 * @watched: the peer that nothing may happen to
 * @heard: how much of it has arrived
 */
struct fuzzer {
	unsigned int number;
	struct ctl ctl;
	int agent, subscriber;
	struct underlay underlay;
	struct forgery_world world;
	struct corpus corpus;
	struct forgery_session watched;
	struct ctl_peer watched_peer;
	uint64_t heard, generation, random;
};

static struct shared *shared;
static struct fuzzer fuzzer;
static struct forgery forgery;
static const char *netns;
static unsigned int seconds = 20, n_processes = 2;
static uint64_t seed;

static void must(int err, const char *what)
{
	if (!err)
		return;
	findings_add("%s: %s", what, strerror(err));
	exit(3);
}

/* --- peers and sessions */

static struct ctl_peer peer_of(unsigned int peer)
{
	struct ctl_peer made = { .address = underlay_overlay(fuzzer.number, 1 + peer) };
	char name[32];

	snprintf(name, sizeof(name), "%u.%u", fuzzer.number, peer);
	seal_seeded(made.key, sizeof(made.key), "fuzzed peer", name);
	return made;
}

/* Keys that were never used, so that counters can begin anew. */
static struct forgery_session new_session(const struct ctl_peer *peer)
{
	struct forgery_session session = { .source = peer->address };
	struct ctl_session made = { 0 };
	char name[64];
	int err;

	snprintf(name, sizeof(name), "%u.%lu.%lu", fuzzer.number, (unsigned long)seed,
		 (unsigned long)fuzzer.generation++);
	seal_seeded(session.key, sizeof(session.key), "there", name);
	seal_seeded(made.send, sizeof(made.send), "back", name);
	seal_seeded((uint8_t *)&session.index, sizeof(session.index), "index", name);
	memcpy(made.peer, peer->key, sizeof(made.peer));
	memcpy(made.receive, session.key, sizeof(made.receive));
	made.local = session.index;
	made.remote = fuzzer.generation;
	made.initiator = fuzzer.generation & 1;
	err = ctl_session_new(&fuzzer.ctl, &made);
	/* An index may be somebody's, by chance. */
	if (err != EEXIST)
		must(err, "session");
	return session;
}

static void renew(unsigned int peer)
{
	struct forgery_world *world = &fuzzer.world;
	struct ctl_peer of = peer_of(peer);

	if (world->n == FORGERY_SESSIONS)
		memmove(world->sessions, world->sessions + 1,
			--world->n * sizeof(*world->sessions));
	world->sessions[world->n++] = new_session(&of);
}

/* --- what an agent does */

struct request {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	struct nlattr attr;
	uint32_t ifindex;
	struct nlattr key_attr;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
};

static void keep_index(const struct nlmsghdr *msg, void *arg)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);

	(void)arg;
	/* Device, then index. */
	if (msg->nlmsg_type >= NLMSG_MIN_TYPE && genl->cmd == FMP_CMD_INDEX_RESERVE)
		memcpy(&fuzzer.world.reserved,
		       (const char *)(genl + 1) + 2 * NLA_HDRLEN + sizeof(uint32_t),
		       sizeof(fuzzer.world.reserved));
}

static int command(int fd, uint8_t cmd, const uint8_t *key)
{
	struct request request = {
		.head = { sizeof(request), fuzzer.ctl.family, NLM_F_REQUEST | NLM_F_ACK, 0, 0 },
		.genl = { .cmd = cmd, .version = FMP_FAMILY_VERSION },
		.attr = { NLA_HDRLEN + sizeof(uint32_t), FMP_A_DEV_IFINDEX },
		.ifindex = fuzzer.ctl.ifindex,
		.key_attr = { NLA_HDRLEN + FMP_PUBLIC_KEY_SIZE, FMP_A_HANDSHAKE_PUBLIC_KEY },
	};

	if (key)
		memcpy(request.key, key, sizeof(request.key));
	else
		request.head.nlmsg_len -= NLA_HDRLEN + FMP_PUBLIC_KEY_SIZE;
	return bus_ask(fd, &request, request.head.nlmsg_len, keep_index, NULL);
}

static void take_roles(void)
{
	fuzzer.agent = bus_open(NETLINK_GENERIC);
	fuzzer.subscriber = bus_open(NETLINK_GENERIC);
	must(command(fuzzer.agent, FMP_CMD_AGENT_BIND, NULL), "agent");
	must(command(fuzzer.subscriber, FMP_CMD_LINK_BIND, NULL), "subscriber");
}

static void reserve(unsigned int peer)
{
	struct ctl_peer of = peer_of(peer);

	command(fuzzer.agent, FMP_CMD_INDEX_RESERVE, of.key);
	bus_drain(fuzzer.subscriber, NULL, NULL);
}

/* --- the peer that is watched */

static void send_heartbeat(void)
{
	const uint8_t plain[5] = { [4] = SEAL_TYPE_BEAT };
	const struct seal_head head = {
		.index = fuzzer.watched.index,
		.counter = fuzzer.watched.counter++,
	};
	uint8_t frame[sizeof(plain) + SEAL_MIN];
	size_t len = seal_frame(frame, &head, plain, sizeof(plain), fuzzer.watched.key);

	underlay_send_plain(&fuzzer.underlay, 0, frame, len);
	fuzzer.heard++;
}

/* Where it is when it is where its heartbeats come from. */
static bool is_in_place(const struct ctl_peer *peer)
{
	const struct sockaddr_in *at = (const void *)&peer->endpoint;

	return at->sin_family == AF_INET && at->sin_port == htons(4000) &&
	       at->sin_addr.s_addr == htonl(10u << 24 | 1 << 16 | fuzzer.number << 8 | 2);
}

static void look_at_watched(void)
{
	struct ctl_peer *peer = &fuzzer.watched_peer;
	double end = now() + PATIENCE;

	send_heartbeat();
	do {
		must(ctl_peer_get(&fuzzer.ctl, peer), "the peer that is watched");
	} while (peer->rx_packets < fuzzer.heard && now() < end && !sched_yield());
	if (peer->rx_packets != fuzzer.heard) {
		findings_add("of the peer that is watched %lu frames arrived, and not %lu",
			     (unsigned long)peer->rx_packets, (unsigned long)fuzzer.heard);
		fuzzer.heard = peer->rx_packets;
	}
	if (!is_in_place(peer))
		findings_add("the peer that is watched has moved");
	atomic_fetch_add(&shared->looks, 1);
}

/* --- what is sent */

static void change_setting(void)
{
	struct ctl_setting setting = CTL_NO_SETTING;

	setting.source_check = random_next(&fuzzer.random) % 4 ? 1 : 0;
	must(ctl_set(&fuzzer.ctl, &setting), "setting");
}

/* @due: it is to be judged, which contents that are not in order are always. */
static void follow(const struct recipe *recipe, bool due)
{
	static struct ctl_counters before;
	const char *verdict = "";
	bool judged, whole;
	struct dice dice;

	findings_did(recipe);
	dice_start(&dice, recipe);
	forgery_make(&forgery, &dice, &fuzzer.world);
	/* A batch is many. */
	if (forgery.frames == 1)
		verdict = verdict_of(forgery.data, forgery.len, &fuzzer.world);
	judged = *verdict && (due || verdict_allows(verdict, "rx_drop_inner_short") ||
			      verdict_allows(verdict, "rx_drop_ip_malformed"));
	if (judged)
		account_read(&fuzzer.ctl, &before);
	coverage_begin();
	whole = underlay_send(&fuzzer.underlay, &forgery, &dice);
	if (coverage_end())
		corpus_add(&fuzzer.corpus, recipe);
	if (judged && whole) {
		account_judge(&fuzzer.ctl, &before, verdict);
		atomic_fetch_add(&shared->judged, 1);
	}
	atomic_fetch_add(&shared->sent, 1);
	atomic_fetch_add(&shared->frames, forgery.frames);
}

static void look(uint64_t n)
{
	unsigned int peer = random_next(&fuzzer.random) % PEERS;

	underlay_drain(&fuzzer.underlay);
	renew(peer);
	reserve(peer);
	look_at_watched();
	if (n % SET_EACH == 0)
		change_setting();
}

static void prepare(unsigned int number)
{
	struct ctl_peer peer;
	char device[16];
	unsigned int i;

	fuzzer.number = number;
	fuzzer.random = seed + number;
	netns_enter(netns_open(netns));
	snprintf(device, sizeof(device), "fmp%u", number);
	ctl_open(&fuzzer.ctl, device);
	take_roles();
	underlay_open(&fuzzer.underlay, number);
	fuzzer.world.local = underlay_overlay(number, 254);
	for (i = 0; i < PEERS; i++) {
		peer = peer_of(i);
		must(ctl_peer_new(&fuzzer.ctl, &peer), "peer");
		renew(i);
	}
	fuzzer.watched_peer = peer_of(PEERS);
	must(ctl_peer_new(&fuzzer.ctl, &fuzzer.watched_peer), "peer");
	fuzzer.watched = new_session(&fuzzer.watched_peer);
	fuzzer.world.foreign = fuzzer.watched.index;
}

static void run(unsigned int number, double end)
{
	struct recipe recipe;
	char name[16];
	uint64_t n;

	snprintf(name, sizeof(name), "process %u", number);
	findings_begin(name);
	coverage_open();
	prepare(number);
	for (n = 0; now() < end; n++) {
		if (n % LOOK_EACH == 0)
			look(n);
		recipe_next(&recipe, &fuzzer.corpus, seed, n * n_processes + number);
		follow(&recipe, n % JUDGE_EACH == 0);
		if (n % TAINT_EACH == 0)
			findings_tainted();
	}
	look_at_watched();
	findings_tainted();
	shared->places[number] = coverage_places();
	shared->kept[number] = fuzzer.corpus.n;
	exit(0);
}

/* --- all of them */

static void print_counters(unsigned int number)
{
	static struct ctl_counters counters;
	unsigned long frames = shared->frames / n_processes;
	unsigned int i, n = 0;
	char device[16];

	snprintf(device, sizeof(device), "fmp%u", number);
	ctl_open(&fuzzer.ctl, device);
	account_read(&fuzzer.ctl, &counters);
	printf("# %s:", device);
	for (i = 0; i < counters.n; i++) {
		if (!counters.at[i].value || strncmp(counters.at[i].name, "rx_", 3))
			continue;
		printf(" %s=%lu", counters.at[i].name, (unsigned long)counters.at[i].value);
		n += verdict_is_end(counters.at[i].name);
	}
	printf("\n# that is %u ways to end\n%s frames for %s ended in many ways%s\n", n,
	       n >= WAYS_MIN || frames < FRAMES_MANY ? "ok" : "not ok", device,
	       frames < FRAMES_MANY ? ", which so few do not have to" : "");
}

static void report(void)
{
	unsigned int i;

	for (i = 0; i < n_processes; i++)
		printf("# process %u: %u places, %u recipes kept\n", i, shared->places[i],
		       shared->kept[i]);
	printf("# %lu sent, %lu frames, %lu judged, looked %lu times\n", shared->sent,
	       shared->frames, shared->judged, shared->looks);
	printf("%s frames were sent, judged and looked at\n",
	       shared->judged && shared->looks >= n_processes ? "ok" : "not ok");
	netns_enter(netns_open(netns));
	for (i = 0; i < n_processes; i++)
		print_counters(i);
}

static void fuzz(void)
{
	double end = now() + seconds;
	pid_t pids[PROCESSES_MAX];
	unsigned int i;
	int status;

	for (i = 0; i < n_processes; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (pids[i] < 0) {
			perror("fork");
			exit(2);
		}
		if (!pids[i])
			run(i, end);
	}
	for (i = 0; i < n_processes; i++) {
		if (waitpid(pids[i], &status, 0) == pids[i] && !status)
			continue;
		findings_add("process %u ended with %x", i, status);
	}
	report();
	printf("%s nothing was found\n", findings_count() ? "not ok" : "ok");
}

/* Sessions are new, so what a recipe did depends on what came before it. */
static int repeat(const char *hex)
{
	struct recipe recipe;
	size_t i;

	if (!recipe_read(&recipe, hex))
		return 1;
	prepare(0);
	follow(&recipe, true);
	findings_tainted();
	printf("%u frames:\n", forgery.frames);
	for (i = 0; i < forgery.len; i++)
		printf("%02x%s", forgery.data[i], i % 32 == 31 ? "\n" : "");
	putchar('\n');
	return !!findings_count();
}

int main(int argc, char **argv)
{
	const char *recipe = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "s:S:t:r:")) != -1) {
		if (opt == 's')
			seconds = strtoul(optarg, NULL, 0);
		else if (opt == 'S')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 't')
			n_processes = strtoul(optarg, NULL, 0);
		else if (opt == 'r')
			recipe = optarg;
		else
			return 1;
	}
	if (argc - optind != 1 || sodium_init() < 0 || !seconds || !n_processes ||
	    n_processes > PROCESSES_MAX) {
		fputs("Usage: framefuzz [-s SECONDS] [-S SEED] [-t PROCESSES] [-r RECIPE] NETNS\n",
		      stderr);
		return 1;
	}
	netns = argv[optind];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	findings_share();
	if (recipe)
		return repeat(recipe);
	fuzz();
	return 0;
}
