// SPDX-License-Identifier: GPL-2.0
#include "nearest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NEAREST_MAX + 1], corner, above;
	size_t i, j, len = strlen(b);

	for (j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (i = 0; a[i]; i++) {
		corner = row[0];
		row[0] = (unsigned int)i + 1;
		for (j = 0; j < len; j++) {
			above = row[j + 1];
			corner += strncasecmp(&a[i], &b[j], 1) != 0;
			row[j + 1] = least(corner, least(above, row[j]) + 1);
			corner = above;
		}
	}
	return row[len];
}

const char *nearest(const char *word, const void *table, size_t size)
{
	unsigned int best = UINT32_MAX, d;
	const char *found = NULL, *name;
	const char *entry = table;

	for (; memcpy(&name, entry, sizeof(name)), name; entry += size) {
		d = distance(word, name);
		if (d >= best)
			continue;
		best = d;
		found = name;
	}
	return found;
}
