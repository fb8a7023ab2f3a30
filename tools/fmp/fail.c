// SPDX-License-Identifier: GPL-2.0
#include "fail.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define SHOWN_OF_SECRET 4

static FILE *messages;
static const char *place_file;
static unsigned int place_line;
static const char *place_key;

void fail_stream(FILE *stream)
{
	messages = stream;
}

void fail_place(const char *file, unsigned int line)
{
	place_file = file;
	place_line = line;
	place_key = NULL;
}

void fail_key(const char *key)
{
	place_key = key;
}

static bool all_of(const char *word, const char *set)
{
	return word[strspn(word, set)] == '\0';
}

/* A typing error in a secret must not make it look harmless, hence no exact lengths. */
bool looks_secret(const char *word)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	static const char base64[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=";
	size_t len = strlen(word);

	if (strcasestr(word, "nsec"))
		return true;
	if (strncasecmp(word, "npub1", 5) == 0)
		return false;
	if (len >= 32 && all_of(word, hex))
		return true;
	return (len == 43 || len == 44) && all_of(word, base64);
}

char *shown_word(const char *word)
{
	size_t len = strlen(word);
	char *shown = xcalloc(len + sizeof("..."), 1);
	size_t i;

	if (looks_secret(word)) {
		memcpy(shown, word, SHOWN_OF_SECRET);
		strcpy(shown + SHOWN_OF_SECRET, "...");
	} else {
		memcpy(shown, word, len);
	}

	for (i = 0; shown[i]; i++)
		if (iscntrl((unsigned char)shown[i]))
			shown[i] = '?';

	return shown;
}

static void say_place(FILE *out)
{
	char *shown = shown_word(place_file);

	if (place_line)
		fprintf(out, "%s:%u: ", shown, place_line);
	else
		fprintf(out, "%s: ", shown);
	free(shown);
	if (place_key && *place_key)
		fprintf(out, "%s: ", place_key);
}

static void say(const char *kind, const char *word, const char *fmt, va_list ap)
{
	FILE *out = messages ? messages : stderr;
	char *shown;

	fputs("fmp: ", out);
	if (place_file)
		say_place(out);
	fputs(kind, out);
	if (word) {
		shown = shown_word(word);
		fprintf(out, "'%s': ", shown);
		free(shown);
	}
	vfprintf(out, fmt, ap);
	fputc('\n', out);
	fflush(out);
}

#define SAY(kind, word, fmt)				\
	do {						\
		va_list ap_;				\
							\
		va_start(ap_, fmt);			\
		say(kind, word, fmt, ap_);		\
		va_end(ap_);				\
	} while (0)

void report(const char *fmt, ...)
{
	SAY("", NULL, fmt);
}

void report_word(const char *word, const char *fmt, ...)
{
	SAY("", word, fmt);
}

void warning(const char *fmt, ...)
{
	SAY("warning: ", NULL, fmt);
}

void warning_word(const char *word, const char *fmt, ...)
{
	SAY("warning: ", word, fmt);
}
