// SPDX-License-Identifier: GPL-2.0
/*
 * testpeer [-p SECONDS] NETNS DEVICE ADDRESS PORT
 *
 * Plays the peers of a device, frame by frame, as its input says; the device is in the
 * network namespace NETNS and listens at ADDRESS and PORT. One process does it all:
 * it has the sockets of the peers in the namespace that it was started in, talks to the
 * device through netlink, and has a socket in the device's host, to which the peers
 * send numbered datagrams and which sends such datagrams to them. Every frame of the
 * device is opened and judged, expected or not: index, key, counter, K bit.
 *
 * -p is how long to wait for what should happen, 5 s without.
 *
 * A line is a command:
 *
 *   peer NAME ADDRESS FROM-ADDRESS     a new peer with that overlay address, whose
 *                                      endpoint is port 2121 there
 *   session NAME PEER [k=N] [k-device=N] [device-index=N] [own-index=N]
 *           [to-device=HEX] [from-device=HEX]
 *                                      keys and indices; what is left out is made up.
 *                                      K is what we send, and the device has to
 *   install SESSION [initiator]        into the device, which then initiated it or not
 *   remove SESSION                     from the device
 *   frame SESSION [WORD...]            sends a frame, sealed for it, or WORDs say otherwise:
 *         type=ip|beat   numbered datagram for the host, as it is without, or heartbeat
 *         plain=HEX      other plaintext
 *         counter=N      +N and -N are from the next one on
 *         k=N flags=N    flags are those beside K
 *         index=SESSION key=SESSION
 *                        of another; number=N is an index of no session
 *         flip=BYTE.BIT  after sealing; a negative BYTE counts from the end
 *         times=N        as many of them, with counters of their own
 *         port=N         that it is sent from, 2121 without
 *         dup=N          sent N times more
 *   raw HEX                            sends a datagram
 *   wire SESSION HEX [bad]             sends a frame that was made elsewhere
 *   batch                              from here on frames are kept,
 *   flush [shuffle=SEED] [tx=N] [under=SESSION|...]
 *                                      and here sent, while the host sends N datagrams
 *   stream MS SESSION|... under=SESSION|...
 *                                      for so long, frames of these by turns, and from the host
 *   replay [SESSION]                   all good frames once more
 *   flood N SEED                       frames to N random indices
 *   tx N under=SESSION|... [port=N]    the host sends N datagrams, and each is to arrive,
 *                                      in a frame under one of these, at that port
 *   delivered                          all numbered datagrams for the host have arrived, once
 *   look                               remembers the counters, and since then
 *   counted NAME=N...                  so many were counted; other drops are a failure
 *   heard PEER N                       so many frames were authentic
 *   slots PEER [current=SESSION] [pending=SESSION] [previous=SESSION]
 *   state SESSION [k=N] [counter=N] [highest=N]
 *   endpoint PEER ADDRESS:PORT
 *   mark NAME, until NAME MS, elapsed NAME LOW HIGH
 *                                      notes the time; waits until then; checks it
 *   began SESSION NAME LOW HIGH        that is when it became current
 *   ok TEXT                            prints "ok TEXT", or "not ok TEXT" if anything since
 *                                      the last of them went wrong, and what before it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "testpeer.h"

#define PEERS_MAX	16
#define SESSIONS_MAX	128
#define MARKS_MAX	16

static struct peer peers[PEERS_MAX];
static struct session sessions[SESSIONS_MAX];
static unsigned int n_peers, n_sessions, n_marks, line_number;
static struct {
	char name[NAME_MAX_LEN];
	uint64_t ms;
} marks[MARKS_MAX];
static bool failed;

/**
 * complain() - tell what is not as it should be
 */
void complain(const char *fmt, ...)
{
	va_list ap;

	failed = true;
	printf("# line %u: ", line_number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/**
 * die() - end with a message about what makes no sense
 */
void die(const char *fmt, ...)
{
	va_list ap;

	printf("# line %u: ", line_number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("\nnot ok the script plays");
	exit(1);
}

/**
 * now_ms() - what time it is
 */
uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

/* --- peers and sessions */

/**
 * find_peer() - the peer of that name
 */
struct peer *find_peer(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_peers; i++)
		if (!strcmp(peers[i].name, name))
			return &peers[i];
	die("no peer: %s", name);
}

/**
 * find_session() - the session of that name
 */
struct session *find_session(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_sessions; i++)
		if (!strcmp(sessions[i].name, name))
			return &sessions[i];
	die("no session: %s", name);
}

/**
 * session_by_index() - the session that a frame of the device is for
 */
struct session *session_by_index(uint32_t own)
{
	unsigned int i;

	for (i = 0; i < n_sessions; i++)
		if (sessions[i].ctl.remote == own)
			return &sessions[i];
	return NULL;
}

/**
 * session_list() - the sessions that "NAME|NAME" names
 */
struct sessions session_list(char *names)
{
	struct sessions list = { 0 };
	char *save, *name;

	for (name = strtok_r(names, "|", &save); name; name = strtok_r(NULL, "|", &save)) {
		if (list.n == LIST_MAX)
			die("too many sessions");
		list.at[list.n++] = find_session(name);
	}
	return list;
}

static void set_name(char *to, const char *name)
{
	if (strlen(name) >= NAME_MAX_LEN)
		die("too long a name: %s", name);
	strcpy(to, name);
}

static uint32_t ip4(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		die("no address: %s", text);
	return address.s_addr;
}

static void do_peer(struct line *line)
{
	struct peer *peer = &peers[n_peers];
	struct sockaddr_in *at = (void *)&peer->ctl.endpoint;
	int err;

	if (n_peers++ == PEERS_MAX)
		die("too many peers");
	set_name(peer->name, word(line, 1));
	seal_seeded(peer->ctl.key, sizeof(peer->ctl.key), "peer", peer->name);
	peer->address = peer->ctl.address = ip4(word(line, 2));
	at->sin_family = AF_INET;
	at->sin_port = htons(PORT);
	at->sin_addr.s_addr = ip4(word(line, 3));
	err = ctl_peer_new(&device, &peer->ctl);
	if (err)
		die("peer %s: %s", peer->name, strerror(err));
}

static void read_key(struct line *line, const char *name, uint8_t *key)
{
	const char *hex = option(line, name);

	if (hex && unhex(key, SEAL_KEY_LEN, hex) != SEAL_KEY_LEN)
		die("half a key: %s", hex);
}

static void do_session(struct line *line)
{
	struct session *s = &sessions[n_sessions];
	const char *name = word(line, 1);

	if (n_sessions++ == SESSIONS_MAX)
		die("too many sessions");
	set_name(s->name, name);
	s->peer = find_peer(word(line, 2));
	memcpy(s->ctl.peer, s->peer->ctl.key, sizeof(s->ctl.peer));
	seal_seeded(s->ctl.send, SEAL_KEY_LEN, "from device", name);
	seal_seeded(s->ctl.receive, SEAL_KEY_LEN, "to device", name);
	seal_seeded((uint8_t *)&s->ctl.local, sizeof(s->ctl.local), "device", name);
	seal_seeded((uint8_t *)&s->ctl.remote, sizeof(s->ctl.remote), "own", name);
	read_key(line, "from-device", s->ctl.send);
	read_key(line, "to-device", s->ctl.receive);
	s->ctl.local = number_option(line, "device-index", s->ctl.local);
	s->ctl.remote = number_option(line, "own-index", s->ctl.remote);
	s->k = number_option(line, "k", 0);
	s->k_device = number_option(line, "k-device", s->k);
	s->counters = calloc(NUMBERS_MAX / 8, 1);
	if (!s->counters)
		die("no memory");
}

static void do_install(struct line *line)
{
	struct session *s = find_session(word(line, 1));
	int err;

	s->ctl.initiator = flag(line, "initiator");
	s->installed = now_ms();
	err = ctl_session_new(&device, &s->ctl);
	if (err)
		die("session %s: %s", s->name, strerror(err));
}

static void do_remove(struct line *line)
{
	struct session *s = find_session(word(line, 1));
	int err = ctl_session_del(&device, s->ctl.local);

	if (err)
		complain("session %s: %s", s->name, strerror(err));
}

/* --- checks */

static bool none_missing(void *arg)
{
	const struct session *s = arg;

	return !s->received || s->received == s->highest + 1;
}

static void do_delivered(struct line *line)
{
	unsigned int i;

	(void)line;
	check_delivered();
	for (i = 0; i < n_sessions; i++)
		if (!await(none_missing, &sessions[i]))
			complain("%s: %" PRIu64 " counters up to %" PRIu64, sessions[i].name,
				 sessions[i].received, sessions[i].highest);
}

static void do_look(struct line *line)
{
	(void)line;
	look(peers, n_peers);
}

static void do_counted(struct line *line)
{
	memset(line->used, true, sizeof(line->used));
	check_counted(line->words + 1, line->n - 1);
}

static void do_heard(struct line *line)
{
	check_heard(find_peer(word(line, 1)), number(word(line, 2)));
}

static void do_slots(struct line *line)
{
	static const char *const names[] = { "current", "pending", "previous" };
	const struct session *wanted[3] = { NULL };
	const char *name;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		name = option(line, names[i]);
		if (name)
			wanted[i] = find_session(name);
	}
	check_slots(find_peer(word(line, 1)), wanted);
}

static void do_state(struct line *line)
{
	static const char *const names[] = { "k", "counter", "highest" };
	struct session *s = find_session(word(line, 1));
	const char *value;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		value = option(line, names[i]);
		if (value)
			check_state(s, names[i], number(value));
	}
}

static void do_endpoint(struct line *line)
{
	check_endpoint(find_peer(word(line, 1)), word(line, 2));
}

/* --- time */

static uint64_t *find_mark(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_marks; i++)
		if (!strcmp(marks[i].name, name))
			return &marks[i].ms;
	if (n_marks == MARKS_MAX)
		die("too many marks");
	set_name(marks[n_marks].name, name);
	return &marks[n_marks++].ms;
}

static void do_mark(struct line *line)
{
	*find_mark(word(line, 1)) = now_ms();
}

static void do_until(struct line *line)
{
	uint64_t end = *find_mark(word(line, 1)) + number(word(line, 2));
	uint64_t now;

	for (now = now_ms(); now < end; now = now_ms())
		pump(end - now);
}

static void do_elapsed(struct line *line)
{
	uint64_t ms = now_ms() - *find_mark(word(line, 1));

	if (ms < number(word(line, 2)) || ms > number(word(line, 3)))
		complain("after %" PRIu64 " ms", ms);
}

static void do_began(struct line *line)
{
	struct session *s = find_session(word(line, 1));
	uint64_t mark = *find_mark(word(line, 2));

	check_began(s, mark + number(word(line, 3)), mark + number(word(line, 4)));
}

/* --- the script */

static const struct {
	const char *name;
	void (*play)(struct line *line);
} commands[] = {
	{ "peer", do_peer },
	{ "session", do_session },
	{ "install", do_install },
	{ "remove", do_remove },
	{ "frame", do_frame },
	{ "raw", do_raw },
	{ "wire", do_wire },
	{ "batch", do_batch },
	{ "flush", do_flush },
	{ "stream", do_stream },
	{ "replay", do_replay },
	{ "flood", do_flood },
	{ "tx", do_tx },
	{ "delivered", do_delivered },
	{ "look", do_look },
	{ "counted", do_counted },
	{ "heard", do_heard },
	{ "slots", do_slots },
	{ "state", do_state },
	{ "endpoint", do_endpoint },
	{ "mark", do_mark },
	{ "until", do_until },
	{ "elapsed", do_elapsed },
	{ "began", do_began },
};

static void play(struct line *line)
{
	unsigned int i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, line->words[0]))
			break;
	if (i == sizeof(commands) / sizeof(commands[0]))
		die("no command: %s", line->words[0]);
	line->used[0] = true;
	commands[i].play(line);
	for (i = 0; i < line->n; i++)
		if (!line->used[i])
			die("%s: what is %s?", line->words[0], line->words[i]);
}

static void report(const char *text)
{
	/* Whatever came meanwhile is judged as well. */
	pump(0);
	printf("%s %s\n", failed ? "not ok" : "ok", text);
	fflush(stdout);
	failed = false;
}

static void play_text(char *text)
{
	struct line line = { .n = 0 };
	char *save, *w;

	text[strcspn(text, "\n")] = '\0';
	text += strspn(text, " \t");
	if (!strncmp(text, "ok ", 3)) {
		report(text + 3);
		return;
	}
	for (w = strtok_r(text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (line.n == WORDS_MAX)
			die("too many words");
		line.words[line.n++] = w;
	}
	if (line.n && *line.words[0] != '#')
		play(&line);
}

/* Frames that leave from one CPU arrive in their order. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	int opt;

	while ((opt = getopt(argc, argv, "p:")) != -1) {
		if (opt != 'p')
			return 1;
		patience_s = number(optarg);
	}
	if (argc - optind != 4 || sodium_init() < 0) {
		fputs("Usage: testpeer [-p SECONDS] NETNS DEVICE ADDRESS PORT\n", stderr);
		return 1;
	}
	stay_here();
	traffic_open(argv[optind], ip4(argv[optind + 2]), number(argv[optind + 3]));
	ctl_open(&device, argv[optind + 1]);
	while (getline(&text, &size, stdin) > 0) {
		line_number++;
		play_text(text);
	}
	free(text);
	return 0;
}
