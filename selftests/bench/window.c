// SPDX-License-Identifier: GPL-2.0
/*
 * bench-window PREFIX SETTLE COUNT
 *
 * Waits until SETTLE packets have arrived at the devices whose names begin with PREFIX,
 * then until COUNT more have, and prints how many these were and how many nanoseconds
 * they took. The profiler counts what the guest executes meanwhile.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "module/mark.h"

/* A look takes instructions, too. */
#define LOOK_NS		20000000
#define LOOKS_MAX	1000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t arrived(const char *prefix)
{
	uint64_t sum = 0, packets;
	char line[512], name[32];
	FILE *file;

	file = fopen("/proc/net/dev", "r");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[^:]: %*u %" SCNu64, name, &packets) == 2 &&
		    !strncmp(name, prefix, strlen(prefix)))
			sum += packets;
	fclose(file);
	return sum;
}

/* Returns how many it was that arrived. */
static uint64_t await(const char *prefix, uint64_t before, uint64_t count)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	unsigned int looks;
	uint64_t n = 0;

	for (looks = 0; looks < LOOKS_MAX && n < count; looks++) {
		nanosleep(&look, NULL);
		n = arrived(prefix) - before;
	}
	return n;
}

int main(int argc, char **argv)
{
	uint64_t before, start, settle, count, n;

	if (argc != 4) {
		fprintf(stderr, "usage: bench-window PREFIX SETTLE COUNT\n");
		return 2;
	}
	settle = strtoull(argv[2], NULL, 10);
	count = strtoull(argv[3], NULL, 10);
	before = arrived(argv[1]);
	before += await(argv[1], before, settle);

	start = now_ns();
	bench_mark_begin();
	n = await(argv[1], before, count);
	bench_mark_end();
	if (n < count)
		return 1;
	printf("%" PRIu64 " %" PRIu64 "\n", n, now_ns() - start);
	return 0;
}
