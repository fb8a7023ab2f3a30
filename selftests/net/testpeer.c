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
#define WORDS_MAX	24
#define PLAIN_MAX	1400
#define PORT		2121

static struct peer peers[PEERS_MAX];
static struct session sessions[SESSIONS_MAX];
static unsigned int n_peers, n_sessions, n_marks, line_number;
static struct {
	char name[NAME_MAX_LEN];
	uint64_t ms;
} marks[MARKS_MAX];
static struct frames kept, recorded;
static bool keeping, failed;
static uint64_t random_state;

/**
 * struct line - a command and its words, of which each has to be asked for
 */
struct line {
	char *words[WORDS_MAX];
	bool used[WORDS_MAX];
	unsigned int n;
};

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

/* --- words */

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("no number: %s", text);
	return value;
}

static size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	const char *end;
	size_t len;

	if (sodium_hex2bin(bytes, max, hex, strlen(hex), NULL, &len, &end) || *end)
		die("not hexadecimal, or too much: %s", hex);
	return len;
}

static char *word(struct line *line, unsigned int i)
{
	if (i >= line->n)
		die("%s: a word is missing", line->words[0]);
	line->used[i] = true;
	return line->words[i];
}

/* The value of NAME=VALUE, or NULL. */
static char *option(struct line *line, const char *name)
{
	size_t len = strlen(name);
	unsigned int i;

	for (i = 1; i < line->n; i++)
		if (!strncmp(line->words[i], name, len) && line->words[i][len] == '=') {
			line->used[i] = true;
			return line->words[i] + len + 1;
		}
	return NULL;
}

static uint64_t number_option(struct line *line, const char *name, uint64_t without)
{
	const char *value = option(line, name);

	return value ? number(value) : without;
}

static bool flag(struct line *line, const char *name)
{
	unsigned int i;

	for (i = 1; i < line->n; i++)
		if (!strcmp(line->words[i], name))
			return line->used[i] = true;
	return false;
}

static struct peer *find_peer(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_peers; i++)
		if (!strcmp(peers[i].name, name))
			return &peers[i];
	die("no peer: %s", name);
}

static struct session *find_session(const char *name)
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

static struct sessions session_list(char *names)
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

/* Repeatable, and good enough to shuffle with. */
static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* --- peers and sessions */

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

/* --- frames */

/**
 * struct recipe - how frames are to be made
 */
struct recipe {
	struct session *session;
	const uint8_t *key;
	struct seal_head head;
	bool beat, forged, flip;
	long flip_byte;
	unsigned int flip_bit;
	unsigned long times, dup;
	uint16_t port;
	uint8_t plain[PLAIN_MAX];
	size_t plain_len;
};

static void dispatch(const struct frame *frame)
{
	if (keeping)
		frames_add(&kept, frame);
	else
		send_frame(frame);
	if (frame->good)
		frames_add(&recorded, frame);
}

static void read_counter(struct line *line, struct recipe *r)
{
	const char *value = option(line, "counter");

	r->head.counter = r->session->next;
	if (!value)
		return;
	if (*value == '+')
		r->head.counter += number(value + 1);
	else if (*value == '-')
		r->head.counter -= number(value + 1);
	else
		r->head.counter = number(value);
}

static void read_other(struct line *line, struct recipe *r)
{
	char *value;

	r->key = r->session->ctl.receive;
	r->head.index = r->session->ctl.local;
	value = option(line, "index");
	if (value)
		r->head.index = find_session(value)->ctl.local;
	r->head.index = number_option(line, "number", r->head.index);
	value = option(line, "key");
	if (value)
		r->key = find_session(value)->ctl.receive;
	value = option(line, "flip");
	if (value) {
		r->flip = true;
		r->flip_byte = strtol(value, &value, 0);
		r->flip_bit = *value == '.' ? number(value + 1) : 8;
		if (r->flip_bit > 7)
			die("no bit to flip");
	}
	r->forged = r->flip || r->key != r->session->ctl.receive ||
		    r->head.index != r->session->ctl.local;
}

static void read_recipe(struct line *line, struct recipe *r)
{
	const char *value;

	memset(r, 0, sizeof(*r));
	r->session = find_session(word(line, 1));
	r->head.flags = number_option(line, "flags", 0) |
			(number_option(line, "k", r->session->k) & SEAL_FLAG_K);
	read_counter(line, r);
	read_other(line, r);
	r->times = number_option(line, "times", 1);
	r->dup = number_option(line, "dup", 0);
	r->port = number_option(line, "port", PORT);
	value = option(line, "plain");
	if (value)
		r->plain_len = unhex(r->plain, sizeof(r->plain), value);
	value = option(line, "type");
	r->beat = value && !strcmp(value, "beat");
	if (value && !r->beat && strcmp(value, "ip"))
		die("no type: %s", value);
}

static void cook(struct recipe *r)
{
	static uint8_t bytes[PLAIN_MAX + SEAL_MIN], plain[PLAIN_MAX];
	static const uint8_t beat[] = { 0, 0, 0, 0, SEAL_TYPE_BEAT };
	struct frame frame = {
		.session = r->session,
		.port = r->port,
		.good = !r->forged,
		.bytes = bytes,
	};
	size_t len = r->plain_len;
	unsigned long i;
	long at;

	if (len)
		memcpy(plain, r->plain, len);
	else if (r->beat)
		memcpy(plain, beat, len = sizeof(beat));
	else
		len = next_packet(plain, r->session->peer, r->forged);
	frame.len = seal_frame(bytes, &r->head, plain, len, r->key);
	if (r->flip) {
		at = r->flip_byte < 0 ? (long)frame.len + r->flip_byte : r->flip_byte;
		if (at < 0 || at >= (long)frame.len)
			die("no byte to flip");
		bytes[at] ^= 1 << r->flip_bit;
	}
	dispatch(&frame);
	frame.good = false;
	for (i = 0; i < r->dup; i++)
		dispatch(&frame);
}

static void do_frame(struct line *line)
{
	static struct recipe r;

	read_recipe(line, &r);
	for (; r.times; r.times--) {
		cook(&r);
		r.head.counter++;
		if (!r.forged && r.head.counter > r.session->next)
			r.session->next = r.head.counter;
	}
}

static void do_raw(struct line *line)
{
	uint8_t bytes[PLAIN_MAX];
	struct frame frame = { .port = PORT, .bytes = bytes };

	frame.len = unhex(bytes, sizeof(bytes), word(line, 1));
	dispatch(&frame);
}

static void do_wire(struct line *line)
{
	uint8_t bytes[PLAIN_MAX];
	struct frame frame = {
		.session = find_session(word(line, 1)),
		.port = PORT,
		.bytes = bytes,
	};

	frame.len = unhex(bytes, sizeof(bytes), word(line, 2));
	frame.good = !flag(line, "bad");
	dispatch(&frame);
}

static void do_batch(struct line *line)
{
	(void)line;
	keeping = true;
}

static void shuffle(struct frames *list)
{
	struct frame frame;
	size_t i, j;

	for (i = list->n; i > 1; i--) {
		j = next_random() % i;
		frame = list->at[j];
		list->at[j] = list->at[i - 1];
		list->at[i - 1] = frame;
	}
}

static void expect_under(struct line *line, uint64_t tx)
{
	char *names = option(line, "under");
	struct sessions under;

	if (!names) {
		if (tx)
			die("under what?");
		return;
	}
	under = session_list(names);
	traffic_expect(&under);
}

static void do_flush(struct line *line)
{
	const char *seed = option(line, "shuffle");
	uint64_t tx = number_option(line, "tx", 0), sent = 0;
	size_t i;

	keeping = false;
	expect_under(line, tx);
	if (seed) {
		random_state = number(seed);
		shuffle(&kept);
	}
	for (i = 0; i < kept.n; i++) {
		for (; sent * kept.n < tx * i; sent++)
			send_from_host(kept.at[i].session->peer);
		send_frame(&kept.at[i]);
		/* The queues on the way are not what is tested. */
		if (!(i % 64))
			pump(0);
	}
	frames_clear(&kept);
	if (tx)
		check_received();
}

static void do_stream(struct line *line)
{
	uint64_t end = now_ms() + number(word(line, 1));
	struct sessions list = session_list(word(line, 2));
	static struct recipe r;
	unsigned int i = 0;

	expect_under(line, 1);
	while (now_ms() < end) {
		memset(&r, 0, sizeof(r));
		r.session = list.at[i++ % list.n];
		r.head.flags = r.session->k;
		r.head.counter = r.session->next++;
		r.head.index = r.session->ctl.local;
		r.key = r.session->ctl.receive;
		r.port = PORT;
		cook(&r);
		send_from_host(r.session->peer);
		pump(2);
	}
	check_received();
}

static void do_replay(struct line *line)
{
	struct session *only = line->n > 1 ? find_session(word(line, 1)) : NULL;
	unsigned long n = 0;
	size_t i;

	for (i = 0; i < recorded.n; i++) {
		if (only && recorded.at[i].session != only)
			continue;
		send_frame(&recorded.at[i]);
		if (!(n++ % 64))
			pump(0);
	}
	printf("# %lu frames once more\n", n);
}

static void do_flood(struct line *line)
{
	uint64_t n = number(word(line, 1)), words[5];
	struct frame frame = { .port = PORT, .len = 37 };
	uint8_t bytes[sizeof(words)];
	unsigned int j;

	random_state = number(word(line, 2));
	frame.bytes = bytes;
	while (n--) {
		for (j = 0; j < 5; j++)
			words[j] = next_random();
		memcpy(bytes, words, sizeof(bytes));
		memcpy(bytes, (uint8_t[]){ 0, words[4] & 7, 5, 0 }, 4);
		send_frame(&frame);
		if (!(n % 64))
			pump(0);
	}
}

static void do_tx(struct line *line)
{
	uint64_t n = number(word(line, 1)), i;
	char *under = option(line, "under");
	struct sessions list;

	if (!under)
		die("under what?");
	list = session_list(under);
	traffic_expect(&list);
	only_port = number_option(line, "port", 0);
	for (i = 0; i < n; i++)
		send_from_host(list.at[0]->peer);
	check_received();
	only_port = 0;
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
