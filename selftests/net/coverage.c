// SPDX-License-Identifier: GPL-2.0
/*
 * What of the kernel a thread ran through.
 *
 * Softirqs are not recorded, but for those that run as part of what the thread does: a
 * packet written to a tun device is received on the spot.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "coverage.h"

#define RECORDS		(64 << 10)
#define BITS		20
#define PLACES_MAX	(1 << BITS)

/* Pairs of places, one after the other, and places. */
static uint8_t pairs[PLACES_MAX / 8], places[PLACES_MAX / 8];
static unsigned int n_places;
static unsigned long *records;
static int fd = -1;

/**
 * coverage_open() - have what this thread does recorded
 *
 * Return: false if the kernel does not.
 */
bool coverage_open(void)
{
	fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (ioctl(fd, KCOV_INIT_TRACE, RECORDS))
		return false;
	records = mmap(NULL, RECORDS * sizeof(*records), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (records == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		records = NULL;
		return false;
	}
	return true;
}

/**
 * coverage_begin() - forget what was recorded
 */
void coverage_begin(void)
{
	if (records)
		__atomic_store_n(&records[0], 0, __ATOMIC_RELAXED);
}

static bool mark(uint8_t *bits, uint64_t what)
{
	uint32_t at = what * 0x9e3779b97f4a7c15 >> (64 - BITS);
	uint8_t bit = 1 << (at & 7);

	if (bits[at >> 3] & bit)
		return false;
	bits[at >> 3] |= bit;
	return true;
}

/**
 * coverage_end() - look at what was recorded
 *
 * Return: How many pairs of places were there for the first time.
 */
unsigned int coverage_end(void)
{
	unsigned long n, i, last = 0;
	unsigned int fresh = 0;

	if (!records)
		return 0;
	n = __atomic_load_n(&records[0], __ATOMIC_RELAXED);
	for (i = 1; i <= n; i++) {
		fresh += mark(pairs, records[i] ^ last << 32);
		last = records[i];
		n_places += mark(places, last);
	}
	return fresh;
}

/**
 * coverage_places() - how many places there were so far
 */
unsigned int coverage_places(void)
{
	return n_places;
}
