// SPDX-License-Identifier: GPL-2.0
#include "conffile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "fail.h"
#include "util.h"

/*
 * inih reads lines of 200 characters, takes what follows a semicolon for a comment,
 * and an indented line for a part of the value before it.  What it is handed is
 * therefore made here: lines without indentation, semicolons in them written as
 * another character, and long ones in pieces, of which all but the first are
 * indented.
 */
#define SEMICOLON '\001'
#define PIECE_MIN 80

struct reader {
	FILE *file;
	const char *name;
	const struct conffile_ops *ops;
	void *into;

	unsigned int line;
	size_t size;		/* of what was read of the file */
	unsigned int errors;
	int status;		/* that of the first error */

	char text[CONFFILE_LINE_MAX + 2];
	size_t len;
	size_t fed;		/* as much of text was handed to inih */
	bool open;		/* of which a handler call is still to come */
	char key[CONFFILE_KEY_MAX + 1];
	char value[CONFFILE_LINE_MAX + 2];
	size_t value_len;
};

static void note(struct reader *r, int status)
{
	if (!status)
		return;
	r->errors++;
	if (!r->status)
		r->status = status;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Reads on to the end of the line, so that its number stays right. */
static size_t skip_line(FILE *file)
{
	size_t skipped = 0;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n' && skipped < CONFFILE_SIZE_MAX)
		skipped++;
	return skipped;
}

enum outcome { LINE_GOOD, LINE_BAD, LINE_NONE };

static enum outcome bad_line(struct reader *r, const char *what)
{
	r->size += skip_line(r->file);
	note(r, usage("%s", what));
	return LINE_BAD;
}

static enum outcome read_line(struct reader *r)
{
	int c;

	r->len = 0;
	r->fed = 0;
	c = getc_unlocked(r->file);
	if (c == EOF)
		return LINE_NONE;
	r->line++;
	fail_place(r->name, r->line);

	for (; c != EOF && c != '\n'; c = getc_unlocked(r->file)) {
		r->size++;
		if (r->len == CONFFILE_LINE_MAX)
			return bad_line(r, "the line is too long");
		if (c == '\0')
			return bad_line(r, "a NUL byte: this is no text file");
		if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
			return bad_line(r, "a control character");
		r->text[r->len++] = (char)c;
	}
	r->size++;
	r->text[r->len] = '\0';
	return LINE_GOOD;
}

static void strip(struct reader *r)
{
	char *start = r->text;

	if (r->line == 1 && r->len >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
		start += 3;
	start += strspn(start, " \t\r");
	r->len -= (size_t)(start - r->text);
	memmove(r->text, start, r->len + 1);

	while (r->len && (is_blank(r->text[r->len - 1]) || r->text[r->len - 1] == '\r'))
		r->text[--r->len] = '\0';
}

/* The end of a section's name may be followed by a comment. */
static void begin_section(struct reader *r)
{
	char *end = strchr(r->text, ']');
	const char *rest = end ? end + 1 + strspn(end + 1, " \t") : NULL;
	char *name;

	if (!end || (*rest && *rest != '#' && *rest != ';')) {
		note(r, usage_word(r->text, "a section is written as [Name]"));
		return;
	}
	*end = '\0';
	r->len = (size_t)(end - r->text);
	name = r->text + 1 + strspn(r->text + 1, " \t");
	while (end > name && is_blank(end[-1]))
		*--end = '\0';
	note(r, r->ops->section(r->into, name, r->line));
}

/* What comes after the first word may be a secret. */
static int no_pair(struct reader *r)
{
	r->text[strcspn(r->text, "=: \t")] = '\0';
	if (!r->text[0])
		return usage("a line is written as Key = value");
	return usage_word(r->text, "a line is written as Key = value");
}

/* inih would take a colon for an equals sign too. */
static bool begin_pair(struct reader *r)
{
	size_t key_len = strcspn(r->text, "=:");
	char *c;

	if (r->text[key_len] != '=' || key_len == 0) {
		note(r, no_pair(r));
		return false;
	}
	while (is_blank(r->text[key_len - 1]))
		key_len--;
	if (key_len > CONFFILE_KEY_MAX) {
		note(r, usage("the key is too long, there is none such"));
		return false;
	}
	if (memchr(r->text, ';', key_len) || memchr(r->text, '#', key_len)) {
		note(r, usage("a key has no such character as ';' or '#'"));
		return false;
	}

	memcpy(r->key, r->text, key_len);
	r->key[key_len] = '\0';
	r->value_len = 0;
	r->open = true;
	for (c = r->text; *c; c++)
		if (*c == ';')
			*c = SEMICOLON;
	return true;
}

/* Whether the line is one for inih. */
static bool take_line(struct reader *r)
{
	strip(r);
	if (memchr(r->text, '\r', r->len)) {
		note(r, usage("a control character"));
		return false;
	}
	switch (r->text[0]) {
	case '\0':
	case '#':
	case ';':
		return false;
	case '[':
		begin_section(r);
		return false;
	}
	return begin_pair(r);
}

/*
 * Where the piece that begins with what is not fed yet may end: blanks at the ends of
 * pieces, and pieces that look like comments, would be lost.
 */
static size_t piece_end(const struct reader *r, size_t room)
{
	const char *text = r->text;
	size_t end = r->fed + room;

	if (end >= r->len)
		return r->len;
	while (end > r->fed && (is_blank(text[end]) || is_blank(text[end - 1]) ||
				text[end] == '#'))
		end--;
	return end;
}

static char *feed_piece(struct reader *r, char *buffer, size_t size)
{
	bool first = r->fed == 0;
	size_t room = size - 1 - !first;
	size_t end = piece_end(r, room);
	size_t key_len = strlen(r->key);

	if (end == r->fed || (first && end <= key_len + 1 && end < r->len) || size < PIECE_MIN) {
		note(r, usage("too many blanks in a row"));
		r->open = false;
		r->fed = r->len;
		return NULL;
	}
	if (!first)
		*buffer++ = ' ';
	memcpy(buffer, r->text + r->fed, end - r->fed);
	buffer[end - r->fed] = '\0';
	r->fed = end;
	return buffer - !first;
}

static char *feed(char *buffer, int size, void *stream)
{
	struct reader *r = stream;
	char *piece;

	for (;;) {
		if (r->open && r->fed < r->len) {
			piece = feed_piece(r, buffer, (size_t)size);
			if (piece)
				return piece;
		}
		if (r->errors >= CONFFILE_ERRORS_MAX) {
			report("too many errors, the rest is not read");
			return NULL;
		}
		if (r->size > CONFFILE_SIZE_MAX) {
			note(r, usage("the file is too long"));
			return NULL;
		}
		switch (read_line(r)) {
		case LINE_NONE:
			return NULL;
		case LINE_BAD:
			continue;
		case LINE_GOOD:
			break;
		}
		take_line(r);
	}
}

/* What inih made of a piece; the last one completes the pair. */
static int take_piece(void *user, const char *section, const char *key, const char *piece)
{
	struct reader *r = user;
	size_t len, i;

	(void)section;
	if (!key || !piece || !r->open)
		return 1;

	len = strlen(piece);
	if (len >= sizeof(r->value) - r->value_len)
		return 0;
	memcpy(r->value + r->value_len, piece, len + 1);
	r->value_len += len;
	if (r->fed < r->len)
		return 1;

	r->open = false;
	for (i = 0; i < r->value_len; i++)
		if (r->value[i] == SEMICOLON)
			r->value[i] = ';';
	note(r, r->ops->pair(r->into, r->key, r->value, r->line));
	return 1;
}

int conffile_read(FILE *file, const char *name, const struct conffile_ops *ops, void *into)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	int rest, status;

	r->file = file;
	r->name = name;
	r->ops = ops;
	r->into = into;

	rest = ini_parse_stream(feed, r, take_piece, r);
	fail_place(name, 0);
	if (ferror(file))
		note(r, refused("cannot be read: %s", strerror(errno)));
	else if (rest && !r->status)
		note(r, usage("cannot be taken apart"));
	fail_place(NULL, 0);

	status = r->status;
	free(r);
	return status;
}
