/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_FAIL_H
#define FMP_FAIL_H

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, those of iproute2. */
enum {
	STATUS_OK = 0,
	STATUS_USAGE = 1,
	STATUS_REFUSED = 2,
};

/* Where messages go; stderr when NULL. */
void fail_stream(FILE *stream);

/*
 * Messages tell of a line of this file, or of all of it when line is 0, until the
 * next call; NULL ends that.  The name must stay.
 */
void fail_place(const char *file, unsigned int line);

/* And of this key in it, until the next call of either; the text must stay. */
void fail_key(const char *key);

void report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_word(const char *word, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warning_word(const char *word, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * One line about what is wrong; the value is the status to exit with.  Macros, so
 * that the compiler sees that it is not zero.
 */
#define usage(...) (report(__VA_ARGS__), STATUS_USAGE)
#define refused(...) (report(__VA_ARGS__), STATUS_REFUSED)
#define usage_word(word, ...) (report_word(word, __VA_ARGS__), STATUS_USAGE)
#define refused_word(word, ...) (report_word(word, __VA_ARGS__), STATUS_REFUSED)

/*
 * The word as it may be shown: without control characters, and shortened when it
 * could be a secret that was given in the wrong place.  The caller frees it.
 */
char *shown_word(const char *word);

/* Whether it could be one; a public key in hexadecimal could. */
bool looks_secret(const char *word);

#endif /* FMP_FAIL_H */
