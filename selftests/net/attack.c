// SPDX-License-Identifier: GPL-2.0
/*
 * attack record FILE DEVICE...: keeps the frames that come in by the devices, until SIGTERM;
 * prints a line when it is ready, and how many they were.
 *
 * attack head FILE WORD...: prints the beginning of the last of these frames in hexadecimal,
 * and the length of its IPv4 packet.
 *
 * attack send FILE WORD...: sends what it makes of them.
 *
 * attack live DEVICES WORD...: sends what it makes of each frame that comes in by devices,
 * of which the word has commas in between, at once, for so many seconds.
 *
 * The last two print how many datagrams were sent, and how many the network did not take,
 * or, of fragments, how many come to nothing. Words, all of which may be left out:
 *
 *   phase=N to=ADDRESS last=N order=forward|backward|shuffled
 *               which frames: of a phase, to a host, the newest
 *   times=N seconds=N
 *               all of them so often, or for so long
 *   make=1|2    noise that looks like a first or second message takes their place
 *   ahead=N     the counter is so much higher
 *   index=N scan=N
 *               the receiver's index, and so many copies, each with the next index
 *   flip=BYTE.BIT...
 *               a negative BYTE counts from the end
 *   longer=N fix=1
 *               bytes more, or less, and payload_len fits them
 *   noise=BYTE  no two are alike from there on
 *   each=N      one frame of so many is changed
 *   from=ADDRESS+PORT reflect=1
 *               from elsewhere; back to who sent it
 *   batch=N segment=BYTES
 *               so many as one UDP GSO packet, of segments that may be no frames
 *   pieces=whole|overlapping|unfinished
 *               as two IP fragments
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attack.h"

#define HEAD	16
#define MOST	(1 << 18)

volatile bool stopped;

static struct {
	struct seen *frames[MOST];
	size_t first;
	size_t end;
} record;

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("attack: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void stop(int signal)
{
	(void)signal;
	stopped = true;
}

/* --- words */

static long long number(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 0);

	if (!*text || *end)
		die("no number: %s", text);
	return value;
}

static int one_of(const char *text, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(text, words[i]))
			return i;
	die("unknown word: %s", text);
}

static void read_address(union address *address, char *text, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->ip4.sin_addr) == 1)
		address->any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &address->ip6.sin6_addr) == 1)
		address->any.sa_family = AF_INET6;
	else
		die("no address: %s", text);
	address->ip4.sin_port = htons(port);
}

static void read_source(union address *address, char *text)
{
	char *port = strrchr(text, '+');

	if (port)
		*port++ = '\0';
	read_address(address, text, port ? (uint16_t)number(port) : ATTACK_PORT);
}

static void read_flip(struct plan *plan, const char *text)
{
	struct flip *flip = &plan->flips[plan->flip_count++];
	char *end;

	if (plan->flip_count > ATTACK_FLIPS)
		die("too many flips");
	flip->byte = strtol(text, &end, 0);
	if (*end != '.')
		die("no bit: %s", text);
	flip->bit = (unsigned int)number(end + 1) & 7;
}

static bool read_choice(struct plan *plan, const char *word, char *value)
{
	if (!strcmp(word, "phase"))
		plan->phase = (int)number(value);
	else if (!strcmp(word, "to"))
		read_address(&plan->to, value, ATTACK_PORT);
	else if (!strcmp(word, "last"))
		plan->last = (unsigned long)number(value);
	else if (!strcmp(word, "order"))
		plan->order = one_of(value, (const char *[]){ "forward", "backward", "shuffled", NULL });
	else if (!strcmp(word, "times"))
		plan->times = (unsigned long)number(value);
	else if (!strcmp(word, "seconds"))
		plan->seconds = (unsigned long)number(value);
	else
		return false;
	return true;
}

static bool read_change(struct plan *plan, const char *word, char *value)
{
	if (!strcmp(word, "make")) {
		plan->make = (int)number(value);
	} else if (!strcmp(word, "ahead")) {
		plan->ahead = (uint64_t)number(value);
	} else if (!strcmp(word, "index")) {
		plan->has_index = true;
		plan->index = (uint32_t)number(value);
	} else if (!strcmp(word, "scan")) {
		plan->scan = (unsigned long)number(value);
	} else if (!strcmp(word, "flip")) {
		read_flip(plan, value);
	} else if (!strcmp(word, "longer")) {
		plan->longer = (long)number(value);
	} else if (!strcmp(word, "fix")) {
		plan->fix = number(value);
	} else if (!strcmp(word, "noise")) {
		plan->noise = (long)number(value);
	} else if (!strcmp(word, "each")) {
		plan->each = (unsigned long)number(value);
	} else {
		return false;
	}
	return true;
}

static bool read_way(struct plan *plan, const char *word, char *value)
{
	if (!strcmp(word, "from"))
		read_source(&plan->from, value);
	else if (!strcmp(word, "reflect"))
		plan->reflect = number(value);
	else if (!strcmp(word, "batch"))
		plan->batch = (unsigned long)number(value);
	else if (!strcmp(word, "segment"))
		plan->segment = (unsigned long)number(value);
	else if (!strcmp(word, "pieces"))
		plan->pieces = IN_ONE + 1 + one_of(value, (const char *[]){
			"whole", "overlapping", "unfinished", NULL });
	else
		return false;
	return true;
}

static void read_words(struct plan *plan, char **words)
{
	char *value;

	*plan = (struct plan){ .phase = -1, .make = -1, .noise = -1, .times = 1 };
	for (; *words; words++) {
		value = strchr(*words, '=');
		if (!value)
			die("no value: %s", *words);
		*value++ = '\0';
		if (!read_choice(plan, *words, value) && !read_change(plan, *words, value) &&
		    !read_way(plan, *words, value))
			die("unknown word: %s", *words);
	}
}

/* --- what was seen */

static bool write_frame(const struct seen *seen, void *data)
{
	FILE *file = data;

	if (!seen) {
		puts("ready");
		fflush(stdout);
		return true;
	}
	record.end++;
	/* It is read meanwhile. */
	return fwrite(seen, sizeof(*seen) + seen->len, 1, file) == 1 && !fflush(file);
}

static void keep(const char *name, char **devices)
{
	FILE *file = fopen(name, "w");

	if (!file)
		die("%s: %s", name, strerror(errno));
	tap(devices, write_frame, file);
	if (fclose(file))
		die("%s: %s", name, strerror(errno));
	printf("recorded %zu\n", record.end);
}

static bool wanted(const struct plan *plan, const struct seen *seen)
{
	if (plan->phase >= 0 && (!seen->len || (seen->data[0] & 15) != plan->phase))
		return false;
	return !plan->to.any.sa_family || !memcmp(&plan->to, &seen->to, sizeof(plan->to));
}

static void add(const struct plan *plan, const struct seen *head, FILE *file)
{
	struct seen *seen = malloc(sizeof(*seen) + head->len);

	if (!seen)
		die("no memory");
	*seen = *head;
	/* The last one may be under way into the file. */
	if (fread(seen->data, 1, head->len, file) != head->len || !wanted(plan, seen)) {
		free(seen);
		return;
	}
	if (record.end == MOST)
		die("more than %d frames", MOST);
	record.frames[record.end++] = seen;
}

static void load(const char *name, const struct plan *plan)
{
	FILE *file = fopen(name, "r");
	struct seen head;

	if (!file)
		die("%s: %s", name, strerror(errno));
	while (fread(&head, sizeof(head), 1, file) == 1)
		add(plan, &head, file);
	fclose(file);
	if (plan->last && plan->last < record.end)
		record.first = record.end - plan->last;
	if (!record.end)
		die("%s: no such frames", name);
}

static void swap(size_t a, size_t b)
{
	struct seen *seen = record.frames[a];

	record.frames[a] = record.frames[b];
	record.frames[b] = seen;
}

static void put_in_order(enum order order)
{
	size_t i, j;

	if (order == BACKWARD)
		for (i = record.first, j = record.end; i + 1 < j; i++)
			swap(i, --j);
	if (order == SHUFFLED)
		for (i = record.first; i < record.end; i++)
			swap(i, i + noise64() % (record.end - i));
}

/* --- what is sent */

static void send_changed(const struct plan *plan, const struct seen *seen, unsigned long n,
			 struct sums *sums)
{
	static uint8_t frame[2 * ATTACK_LONGEST];
	const union address *from = plan->reflect ? &seen->to : &seen->from;
	size_t len = make_frame(frame, seen, plan, n);

	if (plan->from.any.sa_family)
		from = &plan->from;
	send_frame(plan, from, plan->reflect ? &seen->from : &seen->to, frame, len, sums);
}

static void send_copies(const struct plan *plan, const struct seen *seen, unsigned long n,
			struct sums *sums)
{
	unsigned long i;

	if (!plan->scan) {
		send_changed(plan, seen, n, sums);
		return;
	}
	for (i = 0; i < plan->scan && !stopped; i++)
		send_changed(plan, seen, i, sums);
}

static bool is_over(const struct plan *plan, time_t began, unsigned long round)
{
	struct timespec now;

	if (!plan->seconds)
		return round >= plan->times;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - began >= (time_t)plan->seconds;
}

static void send_all(const struct plan *plan)
{
	struct sums sums = { 0 };
	unsigned long round = 0, n = 0;
	struct timespec began;
	size_t i;

	clock_gettime(CLOCK_MONOTONIC, &began);
	do {
		put_in_order(plan->order);
		for (i = record.first; i < record.end && !stopped; i++) {
			send_copies(plan, record.frames[i], n++, &sums);
			if (plan->seconds && n % 64 == 0 && is_over(plan, began.tv_sec, round))
				break;
		}
	} while (!is_over(plan, began.tv_sec, ++round) && !stopped);
	send_rest(plan, &sums);
	printf("sent %lu unsent %lu\n", sums.packets, sums.unsent);
}

struct live {
	const struct plan *plan;
	struct sums sums;
	unsigned long n;
	time_t began;
};

static bool send_live(const struct seen *seen, void *data)
{
	struct live *live = data;
	unsigned long i;

	if (seen && wanted(live->plan, seen))
		for (i = 0; i < live->plan->times; i++)
			send_copies(live->plan, seen, live->n++, &live->sums);
	send_rest(live->plan, &live->sums);
	return true;
}

static void send_while(const struct plan *plan, char *names)
{
	struct live live = { .plan = plan };
	char *devices[3] = { NULL }, *save;

	devices[0] = strtok_r(names, ",", &save);
	devices[1] = strtok_r(NULL, ",", &save);
	/* alarm() stops it. */
	alarm((unsigned int)(plan->seconds ? plan->seconds : 1));
	tap(devices, send_live, &live);
	printf("sent %lu unsent %lu\n", live.sums.packets, live.sums.unsent);
}

static void print_head(void)
{
	const struct seen *seen = record.frames[record.end - 1];
	size_t i;

	for (i = 0; i < HEAD && i < seen->len; i++)
		printf("%02x", seen->data[i]);
	printf(" %u\n", seen->len + 28u);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct plan plan;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	if (argc < 3)
		die("see the head of attack.c");
	if (!strcmp(argv[1], "record")) {
		keep(argv[2], argv + 3);
		return 0;
	}
	read_words(&plan, argv + 3);
	if (!strcmp(argv[1], "live")) {
		send_while(&plan, argv[2]);
		return 0;
	}
	load(argv[2], &plan);
	if (!strcmp(argv[1], "head"))
		print_head();
	else if (!strcmp(argv[1], "send"))
		send_all(&plan);
	else
		die("unknown: %s", argv[1]);
	return 0;
}
