// SPDX-License-Identifier: GPL-2.0
#include "confscan.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conffile.h"
#include "fail.h"
#include "util.h"

/* No object of a configuration has as many keys. */
#define KEYS_MAX 64

struct word {
	const char *text;
	size_t len;
};

/* An object or an array that is open. */
struct level {
	bool object;
	bool wants_key;		/* the next string is one */
	size_t index;		/* of an element of an array */
	struct word keys[KEYS_MAX];
	size_t key_count;
};

struct scanner {
	struct confscan *scan;
	const char *name;
	const char *c, *end;
	unsigned int line;
	struct level levels[CONFSCAN_DEPTH + 1];
	size_t depth;
	size_t opened, commas;
	unsigned int errors;
	char path[CONFSCAN_PATH];
};

const char *confscan_peer_path(char *out, size_t index, const char *key)
{
	snprintf(out, CONFSCAN_PATH, "peers[%zu]%s%s", index, key ? "." : "", key ? key : "");
	return out;
}

unsigned int confscan_line(const char *text, size_t place)
{
	unsigned int line = 1;

	while (place--)
		line += *text++ == '\n';
	return line;
}

static struct level *top(struct scanner *s)
{
	return &s->levels[s->depth - 1];
}

static bool is_word(const struct word *word, const char *text)
{
	return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

/* Whether the innermost level is the value of this key of the whole. */
static bool is_within(const struct scanner *s, size_t depth, const char *key)
{
	const struct level *whole = &s->levels[0];

	return s->depth == depth && whole->object && whole->key_count &&
	       is_word(&whole->keys[whole->key_count - 1], key);
}

static bool is_peers(const struct scanner *s)
{
	return is_within(s, 2, "peers") && !s->levels[1].object;
}

static bool is_peer(const struct scanner *s)
{
	return is_within(s, 3, "peers") && !s->levels[1].object && s->levels[2].object;
}

static void say_where(struct scanner *s)
{
	fail_place(s->name, s->line);
	s->path[0] = '\0';
	if (is_within(s, 2, "interface"))
		snprintf(s->path, sizeof(s->path), "interface");
	else if (is_peer(s))
		confscan_peer_path(s->path, s->levels[1].index, NULL);
	fail_key(s->path);
}

/* What is no JSON cannot be followed any further. */
static int wrong(struct scanner *s, const char *what)
{
	s->c = s->end;
	fail_place(s->name, s->line);
	return usage("%s", what);
}

static int wrong_key(struct scanner *s, const struct word *key, const char *what)
{
	char *copy;
	int status;

	s->errors++;
	say_where(s);
	if (key->len > CONFFILE_KEY_MAX)
		return usage("a key: %s", what);
	copy = xasprintf("%.*s", (int)key->len, key->text);
	status = usage_word(copy, "%s", what);
	free(copy);
	return status;
}

/*
 * A key is compared as it is written.  All that are known are written without escapes,
 * and one with them would hide that it is the same.
 */
static int take_key(struct scanner *s, struct word key)
{
	struct level *level = top(s);
	size_t i;

	level->wants_key = false;
	if (memchr(key.text, '\\', key.len))
		return wrong_key(s, &key, "a key is written without '\\'");
	for (i = 0; i < level->key_count; i++)
		if (level->keys[i].len == key.len &&
		    memcmp(level->keys[i].text, key.text, key.len) == 0)
			return wrong_key(s, &key, "given more than once");
	if (level->key_count == KEYS_MAX)
		return wrong_key(s, &key, "too many keys in one object");
	level->keys[level->key_count++] = key;
	return STATUS_OK;
}

static int take_string(struct scanner *s)
{
	struct word word = { .text = s->c };

	for (; s->c < s->end && *s->c != '"'; s->c++) {
		if ((unsigned char)*s->c < ' ')
			return wrong(s, "not JSON: a control character in a string");
		if (*s->c == '\\' && s->c + 1 < s->end)
			s->c++;
	}
	word.len = (size_t)(s->c - word.text);
	s->c += s->c < s->end;
	if (s->depth && top(s)->object && top(s)->wants_key)
		return take_key(s, word);
	return STATUS_OK;
}

/* Elements that are no objects have the line of the next that is one. */
static void note_peer(struct scanner *s)
{
	struct confscan *scan = s->scan;

	while (scan->peer_count <= top(s)->index) {
		scan->peer_lines = grow(scan->peer_lines, scan->peer_count,
					sizeof(*scan->peer_lines));
		scan->peer_lines[scan->peer_count++] = s->line;
	}
}

static int open_level(struct scanner *s, bool object)
{
	if (s->depth == CONFSCAN_DEPTH)
		return wrong(s, "not JSON that is meant: nesting too deep");
	if (s->opened++ == CONFSCAN_LEVELS)
		return wrong(s, "too many objects and lists");
	if (is_peers(s))
		note_peer(s);
	s->depth++;
	top(s)->object = object;
	top(s)->wants_key = object;
	top(s)->index = 0;
	top(s)->key_count = 0;
	if (is_within(s, 2, "interface"))
		s->scan->interface_line = s->line;
	return STATUS_OK;
}

static int take(struct scanner *s, char c)
{
	switch (c) {
	case '\n':
		s->line++;
		break;
	case '"':
		return take_string(s);
	case '{':
	case '[':
		return open_level(s, c == '{');
	case '}':
	case ']':
		s->depth -= s->depth > 0;
		break;
	case ',':
		if (s->commas++ == CONFSCAN_VALUES)
			return wrong(s, "too many values");
		if (!s->depth)
			break;
		top(s)->wants_key = top(s)->object;
		top(s)->index += !top(s)->object;
		break;
	case '\'':
		return wrong(s, "not JSON: strings are written with '\"'");
	}
	return STATUS_OK;
}

int confscan(struct confscan *scan, const char *text, size_t len, const char *name)
{
	struct scanner *s = xcalloc(1, sizeof(*s));
	int status = STATUS_OK, one;

	memset(scan, 0, sizeof(*scan));
	s->scan = scan;
	s->name = name;
	s->c = text;
	s->end = text + len;
	s->line = 1;
	while (s->c < s->end && s->errors < CONFFILE_ERRORS_MAX) {
		one = take(s, *s->c++);
		status = status ? status : one;
	}
	free(s);
	fail_place(NULL, 0);
	return status;
}

void confscan_release(struct confscan *scan)
{
	free(scan->peer_lines);
	memset(scan, 0, sizeof(*scan));
}
