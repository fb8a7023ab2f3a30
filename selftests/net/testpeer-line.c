// SPDX-License-Identifier: GPL-2.0
/*
 * testpeer: the words of a line.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "testpeer.h"

/**
 * number() - read a number
 */
uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("no number: %s", text);
	return value;
}

/**
 * unhex() - read bytes
 */
size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	const char *end;
	size_t len;

	if (sodium_hex2bin(bytes, max, hex, strlen(hex), NULL, &len, &end) || *end)
		die("not hexadecimal, or too much: %s", hex);
	return len;
}

/**
 * word() - the word at a place, which has to be there
 */
char *word(struct line *line, unsigned int i)
{
	if (i >= line->n)
		die("%s: a word is missing", line->words[0]);
	line->used[i] = true;
	return line->words[i];
}

/**
 * option() - the value of NAME=VALUE, or NULL
 */
char *option(struct line *line, const char *name)
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

/**
 * number_option() - the number of NAME=NUMBER, or another
 */
uint64_t number_option(struct line *line, const char *name, uint64_t without)
{
	const char *value = option(line, name);

	return value ? number(value) : without;
}

/**
 * flag() - whether a word is there
 */
bool flag(struct line *line, const char *name)
{
	unsigned int i;

	for (i = 1; i < line->n; i++)
		if (!strcmp(line->words[i], name))
			return line->used[i] = true;
	return false;
}
