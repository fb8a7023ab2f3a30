// SPDX-License-Identifier: GPL-2.0
/*
 * bench-spin SECONDS
 *
 * Does nothing for so long, and prints how often: less, the more others need the CPU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURNS	1000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t turns = 0, end;
	volatile int i;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-spin SECONDS\n");
		return 2;
	}
	end = now_ns() + strtoull(argv[1], NULL, 10) * 1000000000ull;
	do {
		for (i = 0; i < TURNS; i++)
			;
		turns++;
	} while (now_ns() < end);
	printf("%" PRIu64 "\n", turns);
	return 0;
}
