/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFSCAN_H
#define FMP_CONFSCAN_H

#include <stddef.h>

#include "conf.h"

/*
 * What json-c does not tell of a text: keys that an object has more
 * than once, which it leaves out without a word; what it takes and JSON does not know;
 * and the lines where things begin.
 */

/* Braces and brackets around a value; a configuration has four. */
#define CONFSCAN_DEPTH 8

/* All of them, and all values: json-c takes a multiple of the text for empty ones. */
#define CONFSCAN_LEVELS (1u << 19)
#define CONFSCAN_VALUES (1u << 21)

struct confscan {
	unsigned int interface_line;
	unsigned int *peer_lines;
	size_t peer_count;
};

/* Room for the name of a member of "interface" or of a peer. */
#define CONFSCAN_PATH 80

/* "peers[3].endpoint", or the object alone when the key is NULL. */
const char *confscan_peer_path(char *out, size_t index, const char *key);

/* Returns a status after having said what is wrong.  Released either way. */
int confscan(struct confscan *scan, const char *text, size_t len, const char *name);
void confscan_release(struct confscan *scan);

/* The line of a place in the text. */
unsigned int confscan_line(const char *text, size_t place);

#endif /* FMP_CONFSCAN_H */
