// SPDX-License-Identifier: GPL-2.0
#include "args.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "util.h"

struct args args_of(char **words, const char *previous)
{
	return (struct args){ .words = words, .previous = previous };
}

const char *args_peek(const struct args *args)
{
	return *args->words;
}

static const char *take_word(struct args *args)
{
	args->previous = *args->words;
	return *args->words++;
}

int args_want(struct args *args, const char **word, const char *what)
{
	if (!*args->words)
		return usage_word(args->previous, "%s is missing after it", what);
	*word = take_word(args);
	return STATUS_OK;
}

int args_expect(struct args *args, const char *word)
{
	if (!*args->words)
		return usage_word(args->previous, "'%s' is missing after it", word);
	if (strcmp(*args->words, word) != 0)
		return usage_word(*args->words, "'%s' belongs here", word);
	take_word(args);
	return STATUS_OK;
}

int args_end(const struct args *args)
{
	if (*args->words)
		return usage_word(*args->words, "one word too many");
	return STATUS_OK;
}

static char *names_of(const struct keyword *table, const char *stop)
{
	char *names = xstrdup("");
	const struct keyword *k;
	char *longer;

	for (k = table; k->name; k++) {
		longer = xasprintf("%s%s%s", names, *names ? ", " : "", k->name);
		free(names);
		names = longer;
	}
	if (!stop)
		return names;

	longer = xasprintf("%s%s%s", names, *names ? ", " : "", stop);
	free(names);
	return longer;
}

static int unknown(const char *word, const struct keyword *table, const char *stop)
{
	char *names = names_of(table, stop);
	int status = usage_word(word, "unknown word, known here: %s", names);

	free(names);
	return status;
}

static const struct keyword *find(const struct keyword *table, const char *word)
{
	const struct keyword *k;

	for (k = table; k->name; k++)
		if (strcmp(k->name, word) == 0)
			return k;
	return NULL;
}

static int take_keyword(struct args *args, const struct keyword *k, void *into)
{
	const char *value = NULL;
	int status;

	if (k->value) {
		status = args_want(args, &value, k->value);
		if (status)
			return status;
	}
	return k->take(into, value);
}

static int check_missing(const struct args *args, const struct keyword *table, uint32_t seen)
{
	const struct keyword *k;

	for (k = table; k->name; k++)
		if ((k->flags & KEYWORD_MUST) && !(seen >> (k - table) & 1))
			return usage_word(args->previous, "'%s' is missing after it", k->name);
	return STATUS_OK;
}

int args_keywords(struct args *args, const struct keyword *table, const char *stop, void *into)
{
	const struct keyword *k;
	uint32_t seen = 0;
	int status;

	while (*args->words && !(stop && strcmp(*args->words, stop) == 0)) {
		k = find(table, *args->words);
		if (!k)
			return unknown(*args->words, table, stop);
		if ((seen >> (k - table) & 1) && !(k->flags & KEYWORD_MANY))
			return usage_word(k->name, "given more than once");
		seen |= UINT32_C(1) << (k - table);

		take_word(args);
		status = take_keyword(args, k, into);
		if (status)
			return status;
	}
	return check_missing(args, table, seen);
}
