/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ARGS_H
#define FMP_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* The words of a command line that are still to be read. */
struct args {
	char **words;		/* NULL-terminated */
	const char *previous;	/* what the next word follows, for messages */
};

enum keyword_flags {
	KEYWORD_MANY = 1,	/* may be repeated */
	KEYWORD_MUST = 2,	/* may not be left out */
};

struct keyword {
	const char *name;
	const char *value;	/* what follows it, NULL when nothing does */
	int (*take)(void *into, const char *value);
	unsigned int flags;
};

struct args args_of(char **words, const char *previous);

const char *args_peek(const struct args *args);

/* A word that must be there; what it is is said when it is missing. */
int args_want(struct args *args, const char **word, const char *what);

/* The literal word given. */
int args_expect(struct args *args, const char *word);

/* Nothing may be left. */
int args_end(const struct args *args);

/*
 * Reads keywords of a table that ends with a nameless entry, up to the end of the
 * line or to the word stop.  No more than 32 of them.
 */
int args_keywords(struct args *args, const struct keyword *table, const char *stop,
		  void *into);

#endif /* FMP_ARGS_H */
