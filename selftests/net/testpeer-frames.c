// SPDX-License-Identifier: GPL-2.0
/*
 * testpeer: frames, as a script says that they are to be made and sent.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testpeer.h"

#define PLAIN_MAX	1400

static struct frames kept, recorded;
static bool keeping;
static uint64_t random_state;

/* Repeatable, and good enough to shuffle with. */
static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

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

/**
 * do_frame() - send a frame, sealed as the line says
 */
void do_frame(struct line *line)
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

/**
 * do_raw() - send a datagram
 */
void do_raw(struct line *line)
{
	uint8_t bytes[PLAIN_MAX];
	struct frame frame = { .port = PORT, .bytes = bytes };

	frame.len = unhex(bytes, sizeof(bytes), word(line, 1));
	dispatch(&frame);
}

/**
 * do_wire() - send a frame that was made elsewhere
 */
void do_wire(struct line *line)
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

/**
 * do_batch() - keep frames from here on
 */
void do_batch(struct line *line)
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

/**
 * do_flush() - send those that were kept
 */
void do_flush(struct line *line)
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

/**
 * do_stream() - send frames for some time
 */
void do_stream(struct line *line)
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

/**
 * do_replay() - send all good frames once more
 */
void do_replay(struct line *line)
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

/**
 * do_flood() - send frames to random indices
 */
void do_flood(struct line *line)
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

/**
 * do_tx() - have the host send datagrams
 */
void do_tx(struct line *line)
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
