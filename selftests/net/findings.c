// SPDX-License-Identifier: GPL-2.0
/*
 * What a fuzzer finds, and the recipes that led there. Processes that come of one, after
 * findings_share(), count together.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "findings.h"

#define HISTORY		8
/* More are like these. */
#define PRINTED_MAX	20

static atomic_uint *found;
static struct recipe history[HISTORY];
static unsigned long n_done;
static const char *name = "";
static unsigned long taint;
static int taint_fd = -1;

static unsigned long read_taint(void)
{
	char text[32] = "";

	if (pread(taint_fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	return strtoul(text, NULL, 10);
}

/**
 * findings_share() - have a count that processes to come share
 */
void findings_share(void)
{
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	taint_fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);
	if (found == MAP_FAILED || taint_fd < 0) {
		perror("findings");
		exit(2);
	}
	taint = read_taint();
}

/**
 * findings_begin() - say who this process is
 */
void findings_begin(const char *who)
{
	name = who;
	n_done = 0;
}

/**
 * findings_did() - note what is being done
 */
void findings_did(const struct recipe *recipe)
{
	history[n_done++ % HISTORY] = *recipe;
}

static void print_recipe(unsigned long number)
{
	printf("# %s did %lu: ", name, number);
	recipe_print(&history[number % HISTORY], stdout);
	putchar('\n');
}

/**
 * findings_add() - tell of something that must not be, by the latest recipe
 */
void findings_add(const char *fmt, ...)
{
	va_list ap;

	if (atomic_fetch_add(found, 1) >= PRINTED_MAX)
		return;
	printf("# %s found: ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (n_done)
		print_recipe(n_done - 1);
	fflush(stdout);
}

/**
 * findings_tainted() - look whether the kernel complained, and tell what was done before
 *
 * Return: true if it did since the last time.
 */
bool findings_tainted(void)
{
	unsigned long now = read_taint(), i;

	if (now == taint)
		return false;
	taint = now;
	findings_add("the kernel complained, which is in its log (taint %lu)", now);
	for (i = n_done > HISTORY ? n_done - HISTORY : 0; i + 1 < n_done; i++)
		print_recipe(i);
	fflush(stdout);
	return true;
}

/**
 * findings_count() - how many there are
 */
unsigned int findings_count(void)
{
	return *found;
}
