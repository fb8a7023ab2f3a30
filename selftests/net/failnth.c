// SPDX-License-Identifier: GPL-2.0
/*
 * Walks what the module allocates: each operation is tried with its first allocation
 * failing, then with its second one, and so on until it meets no failure.
 *
 *   failnth load FILE     the module of that file is loaded, and removed again
 *   failnth device        requests about devices, fmp0 and another
 *   failnth peer          about fmp0's peers, their sessions and handshakes
 *   failnth send          packets that it sends, over tun0
 *   failnth receive       frames that it receives
 *   failnth timers        what it does of its own accord
 *   failnth all [WHAT]    all but the first, or what has WHAT in its name
 *   failnth percpu        memory for each CPU runs out
 *
 * A line for each operation, "ok" or "not ok". A try that failed has changed nothing, and
 * whoever watches was told that it missed something, if it did. What does not arrive was
 * counted. Last of all each operation is tried with every allocation failing.
 *
 * Only allocations count that the module is on the stack of, but where the operation says
 * otherwise; that the kernel's own code copes is for others to test.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failnth.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define TRACING		"/sys/kernel/tracing/"
#define TRIES_MAX	2000
/* Less than this is walked twice. */
#define TWICE		50
/* Where modules are, which is behind the kernel itself, is aligned to this. */
#define MODULES_ALIGN	0x20000000UL

static const char *const knobs[] = { "failslab", "fail_page_alloc" };
static unsigned long modules;
static int fail_nth, marker = -1;

void die(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("\nnot ok the walk came to its end");
	exit(2);
}

void must_be(int wanted, int got, const char *what)
{
	if (wanted != got)
		die("%s: %s, not %s", what, strerror(got), strerror(wanted));
}

/* --- the kernel's knobs */

static void set_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void set_knob(const char *knob, const char *name, unsigned long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", knob, name);
	snprintf(text, sizeof(text), strncmp(name, "re", 2) ? "%ld" : "0x%lx", value);
	set_file(path, text);
}

static void set_both(const char *name, unsigned long value)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		set_knob(knobs[i], name, value);
}

static long get_knob(const char *knob, const char *name)
{
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", knob, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	return strtol(text, NULL, 0);
}

/**
 * find_functions() - find a part of the kernel
 * @from: name of its first function
 * @to: name of a function behind it
 *
 * Return: false if it is not there.
 */
bool find_functions(const char *from, const char *to, unsigned long *first, unsigned long *behind)
{
	char line[512], name[256];
	unsigned long at;
	FILE *file;

	*first = *behind = 0;
	file = fopen("/proc/kallsyms", "re");
	while (file && !*behind && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %255s", &at, name) != 2)
			continue;
		if (!strcmp(name, from))
			*first = at;
		else if (!strcmp(name, to))
			*behind = at;
	}
	if (file)
		fclose(file);
	return *first && *first < *behind;
}

static unsigned long find_modules(void)
{
	unsigned long at = 0;
	char line[512];
	FILE *file;

	file = fopen("/proc/modules", "re");
	while (file && !at && fgets(line, sizeof(line), file))
		if (strstr(line, " 0x"))
			at = strtoul(strstr(line, " 0x"), NULL, 16);
	if (file)
		fclose(file);
	if (!at)
		die("no module, or it is nobody's business where it is");
	return at & ~(MODULES_ALIGN - 1);
}

static void within_modules(bool on)
{
	set_both("require-start", on ? modules : 0);
	set_both("require-end", on ? -2UL : -1UL);
}

/* kmemleak takes memory for each allocation, and has some for when there is none. */
static void spare_kmemleak(void)
{
	unsigned long first, behind;

	if (!find_functions("kmemleak_open", "kmemleak_write", &first, &behind))
		return;
	set_both("reject-start", first);
	set_both("reject-end", behind);
}

static void prepare_knobs(void)
{
	modules = find_modules();
	spare_kmemleak();
	/* A trace in the log would be taken for a complaint. */
	set_both("verbose", 0);
	set_both("probability", 0);
	set_both("interval", 1);
	set_both("times", -1);
	set_both("space", 0);
	set_both("stacktrace-depth", 32);
	set_file(DEBUGFS "failslab/ignore-gfp-wait", "N");
	set_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	set_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	set_knob("fail_page_alloc", "min-order", 0);
	/* What userspace hands over is there. */
	set_file(DEBUGFS "fail_usercopy/require-start", "0x0");
	set_file(DEBUGFS "fail_usercopy/require-end", "0x0");
	within_modules(true);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		die("fail-nth: %s", strerror(errno));
}

static void set_nth(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, len, 0) != len)
		die("fail-nth: %s", strerror(errno));
}

/* Whether the allocation was reached. */
static bool end_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %s", strerror(errno));
	set_nth(0);
	return !atoi(text);
}

/* Of this process alone. */
static void all_fail(bool on)
{
	set_file("/proc/self/make-it-fail", on ? "1" : "0");
	set_file(DEBUGFS "failslab/task-filter", on ? "Y" : "N");
	set_file(DEBUGFS "fail_page_alloc/task-filter", on ? "Y" : "N");
	set_both("probability", on ? 100 : 0);
}

/**
 * all_fail_within() - let all allocations fail that functions at these addresses make
 * @first: of the first of them, or 0 to have an end of that
 */
void all_fail_within(unsigned long first, unsigned long behind)
{
	if (first) {
		set_both("require-start", first);
		set_both("require-end", behind);
	} else {
		within_modules(true);
	}
	set_both("probability", first ? 100 : 0);
}

/**
 * all_fail_softly() - let allocations fail once, whoever makes them
 * @space: of so many bytes the first ones do not fail
 * @done: when to end that
 *
 * Return: Whether any failed.
 */
bool all_fail_softly(unsigned int space, bool (*done)(void))
{
	bool hit;

	set_knob("failslab", "space", space);
	set_knob("failslab", "times", 1);
	set_knob("failslab", "probability", 100);
	while (get_knob("failslab", "times") && !done())
		usleep(20000);
	set_knob("failslab", "probability", 0);
	hit = !get_knob("failslab", "times");
	set_knob("failslab", "times", -1);
	set_knob("failslab", "space", 0);
	return hit;
}

/* For who wants to know which allocations they are, and traces them. */
static void note_sites(void)
{
	const char *wanted = getenv("FAILNTH_SITES");

	if (wanted && *wanted)
		marker = open(TRACING "trace_marker", O_WRONLY | O_CLOEXEC);
}

static void note_operation(const char *name)
{
	if (marker >= 0 && write(marker, name, strlen(name)) < 0)
		die("trace_marker: %s", strerror(errno));
}

/* --- walking */

/**
 * struct tally - what became of the tries of an operation
 * @refused: so many were
 * @least_told: messages of any that was not, where none was said to be lost
 * @wholly_told: messages where nothing fails
 * @good: all was as it must be so far
 */
struct tally {
	unsigned int refused;
	unsigned int least_told;
	unsigned int wholly_told;
	bool good;
};

__attribute__((format(printf, 2, 3)))
static void complain(struct tally *tally, const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tally->good = false;
}

static bool is_refusal(const struct operation *op, int err)
{
	/* The last is of sockets, which are files. */
	return err == ENOMEM || err == ENOBUFS || err == ENFILE || err == op->taken_for;
}

static void compare(struct tally *tally, const char *before, const char *when)
{
	char *after = read_state();

	if (strcmp(before, after)) {
		complain(tally, "changed %s", when);
		printf("# before:\n%s# after:\n%s", before, after);
	}
	free(after);
}

/* Who watches was told all of it, or that it was not, or nothing of what was not done. */
static void judge_told(struct tally *tally, int err, bool hit)
{
	unsigned int n;
	bool whole = was_told(&n);

	if (!hit)
		tally->wholly_told = n;
	else if (!err && whole && n < tally->least_told)
		tally->least_told = n;
	if (err && n)
		complain(tally, "%u messages tell of what was refused", n);
	if (!hit && !whole)
		complain(tally, "messages got lost all by themselves");
}

static void judge(const struct operation *op, struct tally *tally, int err, bool hit,
		  const char *before)
{
	judge_told(tally, err, hit);
	if (err && (!hit || !is_refusal(op, err)))
		complain(tally, "%s%s", strerror(err), hit ? "" : ", although nothing fails");
	if (err) {
		compare(tally, before, "by what was refused");
	} else if (op->undo) {
		op->undo();
		compare(tally, before, "by what was undone");
	}
}

/* Returns whether it met a failure. @n is 0 where everything fails. */
static bool attempt(const struct operation *op, struct tally *tally, unsigned int n)
{
	bool hit = true;
	unsigned int told;
	char *before;
	int err;

	if (op->prepare)
		op->prepare();
	before = read_state();
	was_told(&told);

	if (n)
		set_nth(n);
	else
		all_fail(true);
	err = op->act();
	if (n)
		hit = end_nth();
	else
		all_fail(false);

	if (op->outcome)
		err = op->outcome(err);
	tally->refused += n && hit && err;
	judge(op, tally, err, hit, before);
	if (!tally->good)
		printf("# with allocation %u failing\n", n);
	free(before);
	return hit;
}

/* Returns how many allocations failed, one in each try. */
static unsigned int walk_up(const struct operation *op, struct tally *tally)
{
	unsigned int n = 0;

	while (attempt(op, tally, ++n) && tally->good)
		if (n == TRIES_MAX)
			complain(tally, "there is no end");
	return n - 1;
}

static void walk(const struct operation *op)
{
	struct tally tally = { .good = true, .least_told = -1 };
	unsigned int n;

	note_operation(op->name);
	within_modules(!op->everywhere);
	n = walk_up(op, &tally);
	/* A cache that fills up in between makes the next allocation another than it was. */
	if (tally.good && n < TWICE)
		n += walk_up(op, &tally);
	if (n < op->at_least)
		complain(&tally, "%u allocations, not %u", n, op->at_least);
	/* What is not the module's may have a right to be served. */
	if (tally.good && !op->everywhere) {
		attempt(op, &tally, 0);
		attempt(op, &tally, TRIES_MAX);
	}
	within_modules(true);
	if (tally.least_told < tally.wholly_told)
		complain(&tally, "%u messages of %u, and nobody said that some are lost",
			 tally.least_told, tally.wholly_told);
	printf("%s %s: of %u allocations that failed %u were missed\n", tally.good ? "ok" : "not ok",
	       op->name, n, tally.refused);
	fflush(stdout);
}

static void walk_all(const struct operation *op, const char *part)
{
	for (; op->name; op++)
		if (!part || strstr(op->name, part))
			walk(op);
}

static void walk_family(const char *what, const char *part)
{
	bool all = !strcmp(what, "all");

	connect_kernel();
	open_traffic();
	if (all || !strcmp(what, "device"))
		walk_all(device_operations, part);
	if (all || !strcmp(what, "peer"))
		walk_all(peer_operations, part);
	if (all || !strcmp(what, "send"))
		walk_all(send_operations, part);
	if (all || !strcmp(what, "receive"))
		walk_all(receive_operations, part);
	if (!part && (all || !strcmp(what, "timers")))
		walk_timers();
	if (!strcmp(what, "percpu"))
		walk_percpu();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";
	cpu_set_t first;

	setlinebuf(stdout);
	/* Where a frame arrives on another CPU, somebody else opens it. */
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	prepare_knobs();
	note_sites();
	if (strcmp(what, "load")) {
		walk_family(what, argc > 2 ? argv[2] : NULL);
		return 0;
	}
	if (argc != 3)
		die("no file");
	set_module(argv[2]);
	walk(&load_operation);
	return 0;
}
