// SPDX-License-Identifier: GPL-2.0
/*
 * nlfuzz [-s SECONDS] [-S SEED] [-r RECIPE [-a]] NETNS AWAY GUARDED
 *
 * Asks the kernel for what recipes make of include/fmp.yaml. For a third of the time one
 * process does so in NETNS, and sees that what is refused changes nothing. Then many do at
 * the same time: two administrators in NETNS, one in AWAY, somebody without rights in GUARDED,
 * and the owner of a user namespace. What GUARDED has must not change.
 *
 * A finding comes with recipes: -r does what one says, and prints it; -a is for those of the
 * process that was alone. On a kernel that tells what it runs through, recipes that lead to
 * something new are kept and changed.
 */
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

#include "bus.h"
#include "clock.h"
#include "coverage.h"
#include "ctl.h"
#include "findings.h"
#include "mutant.h"
#include "provision.h"
#include "snapshot.h"

#define NOBODY		65534
/* Requests between looking which devices there are, and between starting anew. */
#define LOOK_EACH	16
#define CLEAR_EACH	3000
/* Of so many of a kind, some succeed and some do not. */
#define TRIES_MANY	200
/* Numbers of errors that programs know. */
#define ERRNO_MOST	133

enum who { ALONE, ADMIN, ADMIN2, ELSEWHERE, UNPRIVILEGED, CONTAINER, WHOS };

static const char *const names[WHOS] = {
	[ALONE] = "alone",
	[ADMIN] = "admin",
	[ADMIN2] = "second admin",
	[ELSEWHERE] = "elsewhere",
	[UNPRIVILEGED] = "unprivileged",
	[CONTAINER] = "container",
};

struct tally {
	atomic_ulong done, refused, silent;
};

/**
 * struct shared - what all processes count
 */
struct shared {
	struct tally tally[WHOS][64];
	atomic_ulong compared, unclear;
	atomic_uint places[WHOS], kept[WHOS];
};

/**
 * struct fuzzer - one process
 * @events: hears of changes
 * @endless: a dump goes on and on
 */
struct fuzzer {
	enum who who;
	struct snapshot own;
	struct mutant_world world;
	struct corpus corpus;
	int genl, route, events;
	bool endless;
	uint64_t number;
};

static struct shared *shared;
static struct fuzzer fuzzer;
static struct mutant mutant;
static const char *netns, *away, *guarded;
static unsigned int seconds = 20;
static uint64_t seed;

/* --- a process finds its place */

static void enter(enum who who)
{
	if (who == ELSEWHERE)
		netns_enter(netns_open(away));
	else if (who == UNPRIVILEGED)
		netns_enter(netns_open(guarded));
	else
		netns_enter(netns_open(netns));
	if (who == CONTAINER && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		perror("unshare");
		exit(2);
	}
}

static void open_sockets(void)
{
	fuzzer.genl = bus_open(NETLINK_GENERIC);
	fuzzer.route = bus_open(NETLINK_ROUTE);
}

static void begin(enum who who)
{
	fuzzer.who = who;
	fuzzer.number = who;
	findings_begin(names[who]);
	coverage_open();
	fuzzer.world.away = who == ADMIN || who == ADMIN2 ? netns_open(away) :
			    who == ELSEWHERE ? netns_open(netns) : -1;
	fuzzer.world.lasting = who == ALONE;
	enter(who);
	if (who == UNPRIVILEGED && (setresgid(NOBODY, NOBODY, NOBODY) ||
				    setresuid(NOBODY, NOBODY, NOBODY)))
		exit(2);
	snapshot_open(&fuzzer.own);
	fuzzer.world.family = fuzzer.own.family;
	open_sockets();
	if (who != ALONE)
		return;
	fuzzer.events = bus_open(NETLINK_GENERIC);
	bus_join(fuzzer.events, FMP_FAMILY_NAME, (const char *const[]){ "config", "events", NULL });
}

/* --- one request */

static void check_reply(const struct nlmsghdr *msg, void *arg)
{
	(void)arg;
	if (msg->nlmsg_type == fuzzer.world.family)
		mutant_learn(&fuzzer.world, msg);
	if (memmem(msg, msg->nlmsg_len, MUTANT_SECRET, strlen(MUTANT_SECRET)))
		findings_add("the kernel told a key of a session");
}

static bool needs_rights(void)
{
	if (mutant.op)
		return !mutant.op->open;
	return mutant.link < MUTANT_LINK_GET;
}

static void judge(int answer)
{
	if (answer == BUS_ENDLESS)
		findings_add("%s: the answer does not end", mutant_name(mutant.kind));
	else if (answer > ERRNO_MOST)
		findings_add("%s: error %d is none", mutant_name(mutant.kind), answer);
	else if (!answer && fuzzer.who == UNPRIVILEGED && !mutant.faults && needs_rights())
		findings_add("%s: done for nobody", mutant_name(mutant.kind));
}

static void count(int answer)
{
	struct tally *tally = &shared->tally[fuzzer.who][mutant.kind];

	if (answer > 0)
		atomic_fetch_add(&tally->refused, 1);
	else if (answer)
		atomic_fetch_add(&tally->silent, 1);
	else
		atomic_fetch_add(&tally->done, 1);
}

static int perform(uint64_t chance)
{
	int fd = mutant.op ? fuzzer.genl : fuzzer.route;

	/* What is left of a dump comes with the next answer, or never. */
	if (mutant.dump && fuzzer.who != ALONE && chance % 4 == 0)
		return bus_begin(fd, mutant.data, mutant.len) ?: BUS_SILENT;
	return bus_ask(fd, mutant.data, mutant.len, check_reply, NULL);
}

/* --- what is refused changes nothing */

struct heard {
	bool any, configured;
};

static void hear(const struct nlmsghdr *msg, void *arg)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);
	struct heard *heard = arg;

	heard->any = true;
	switch (genl->cmd) {
	case FMP_CMD_DEV_SET_NTF:
	case FMP_CMD_PEER_NEW_NTF:
	case FMP_CMD_PEER_SET_NTF:
	case FMP_CMD_PEER_DEL_NTF:
	case FMP_CMD_SESSION_NEW_NTF:
		heard->configured = true;
	}
}

static void compare(const char *before, const char *after)
{
	struct heard heard = { 0 };

	bus_drain(fuzzer.events, hear, &heard);
	if (heard.configured)
		findings_add("%s: refused, and told to all as a change", mutant_name(mutant.kind));
	else if (!strcmp(before, after))
		atomic_fetch_add(&shared->compared, 1);
	else if (heard.any)
		/* A session's time was up, say. */
		atomic_fetch_add(&shared->unclear, 1);
	else
		findings_add("%s: refused, but something changed; before:\n%s# after:\n%s",
			     mutant_name(mutant.kind), before, after);
}

static int perform_watched(uint64_t chance)
{
	char *before, *after;
	int answer;

	bus_drain(fuzzer.events, NULL, NULL);
	before = snapshot_take(&fuzzer.own);
	answer = perform(chance);
	if (answer > 0) {
		after = snapshot_take(&fuzzer.own);
		compare(before, after);
		free(after);
	}
	free(before);
	return answer;
}

/* --- many requests */

static void step(void)
{
	uint64_t chance = seed ^ fuzzer.number * 31;
	struct recipe recipe;
	int answer;

	chance = random_next(&chance);
	recipe_next(&recipe, &fuzzer.corpus, seed, fuzzer.number);
	findings_did(&recipe);
	mutant_make(&mutant, &recipe, &fuzzer.world);
	if (chance % 128 == 1 || fuzzer.endless) {
		close(fuzzer.genl);
		close(fuzzer.route);
		open_sockets();
	}
	coverage_begin();
	if (fuzzer.who == ALONE && (chance >> 32) % 3 == 0)
		answer = perform_watched(chance);
	else
		answer = perform(chance);
	if (coverage_end())
		corpus_add(&fuzzer.corpus, &recipe);
	fuzzer.endless = answer == BUS_ENDLESS;
	count(answer);
	judge(answer);
}

static void look_around(void)
{
	uint64_t chance = ~seed ^ fuzzer.number;

	snapshot_devices(&fuzzer.own, &fuzzer.world);
	if (fuzzer.who != UNPRIVILEGED)
		provision(fuzzer.own.genl, &fuzzer.world, random_next(&chance));
}

static void run(enum who who, double end)
{
	unsigned long n;

	begin(who);
	for (n = 0; now() < end; n++) {
		if (n % LOOK_EACH == 0)
			look_around();
		if (n % CLEAR_EACH == CLEAR_EACH - 1 && who != UNPRIVILEGED)
			snapshot_clear(&fuzzer.own);
		step();
		fuzzer.number += WHOS;
		if (n % 8 == 0)
			findings_tainted();
	}
	findings_tainted();
	shared->places[who] = coverage_places();
	shared->kept[who] = fuzzer.corpus.n;
	exit(0);
}

static pid_t start(enum who who, double end)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid)
		run(who, end);
	return pid;
}

static void await(pid_t pid, enum who who)
{
	int status;

	if (waitpid(pid, &status, 0) == pid && !status)
		return;
	printf("# %s ended with %x\n", names[who], status);
	findings_begin(names[who]);
	findings_add("a process did not end well");
}

/* --- in the end */

static unsigned long requests(enum who who)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = 0; i < spec_n_ops + MUTANT_LINKS; i++)
		n += shared->tally[who][i].done + shared->tally[who][i].refused +
		     shared->tally[who][i].silent;
	return n;
}

static void report_processes(void)
{
	unsigned int who;
	bool all = true;

	for (who = 0; who < WHOS; who++) {
		printf("# %s: %lu requests, %u places, %u recipes kept\n", names[who],
		       requests(who), shared->places[who], shared->kept[who]);
		all &= requests(who) > 0;
	}
	printf("%s everybody asked for something\n", all ? "ok" : "not ok");
}

static void report_requests(void)
{
	unsigned long done, refused;
	unsigned int kind, who;
	bool all = true;

	for (kind = 0; kind < spec_n_ops + MUTANT_LINKS; kind++) {
		done = refused = 0;
		for (who = ALONE; who <= ELSEWHERE; who++) {
			done += shared->tally[who][kind].done;
			refused += shared->tally[who][kind].refused;
		}
		printf("# %s: %lu done, %lu refused\n", mutant_name(kind), done, refused);
		if (done + refused > TRIES_MANY && (!done || !refused))
			all = false;
	}
	printf("%s every request was done, and refused\n", all ? "ok" : "not ok");
}

static char *look_at_guarded(void)
{
	struct snapshot there;
	char *text;

	netns_enter(netns_open(guarded));
	snapshot_open(&there);
	text = snapshot_take(&there);
	close(there.genl);
	close(there.route);
	return text;
}

static void fuzz(void)
{
	char *before = look_at_guarded(), *after;
	double end = now() + seconds / 3.0;
	pid_t pids[WHOS];
	enum who who;

	await(start(ALONE, end), ALONE);
	printf("# %lu refusals compared, %lu unclear\n", shared->compared, shared->unclear);
	printf("%s what is refused was looked at\n",
	       shared->compared > 10 * shared->unclear ? "ok" : "not ok");
	end += seconds * 2 / 3.0;
	for (who = ADMIN; who < WHOS; who++)
		pids[who] = start(who, end);
	for (who = ADMIN; who < WHOS; who++)
		await(pids[who], who);

	after = look_at_guarded();
	if (strcmp(before, after))
		printf("# before:\n%s# after:\n%s", before, after);
	printf("%s others' devices are as they were\n", strcmp(before, after) ? "not ok" : "ok");
	report_processes();
	report_requests();
	printf("%s nothing was found\n", findings_count() ? "not ok" : "ok");
}

static int repeat(const char *hex, bool of_alone)
{
	struct recipe recipe;
	size_t i;
	int answer;

	if (!recipe_read(&recipe, hex))
		return 1;
	begin(ALONE);
	fuzzer.world.lasting = of_alone;
	snapshot_devices(&fuzzer.own, &fuzzer.world);
	mutant_make(&mutant, &recipe, &fuzzer.world);
	answer = perform_watched(0);
	judge(answer);
	printf("%s: %s\n", mutant_name(mutant.kind),
	       answer < 0 ? "no answer" : strerror(answer));
	for (i = 0; i < mutant.len; i++)
		printf("%02x%s", mutant.data[i], i % 32 == 31 ? "\n" : "");
	putchar('\n');
	return !!findings_count();
}

int main(int argc, char **argv)
{
	const char *recipe = NULL;
	bool of_alone = false;
	int opt;

	while ((opt = getopt(argc, argv, "s:S:r:a")) != -1) {
		if (opt == 's')
			seconds = strtoul(optarg, NULL, 0);
		else if (opt == 'S')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 'r')
			recipe = optarg;
		else if (opt == 'a')
			of_alone = true;
		else
			return 1;
	}
	if (argc - optind != 3 || sodium_init() < 0 || !seconds) {
		fputs("Usage: nlfuzz [-s SECONDS] [-S SEED] [-r RECIPE [-a]] NETNS AWAY GUARDED\n",
		      stderr);
		return 1;
	}
	netns = argv[optind];
	away = argv[optind + 1];
	guarded = argv[optind + 2];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	findings_share();
	if (recipe)
		return repeat(recipe, of_alone);
	fuzz();
	return 0;
}
