// SPDX-License-Identifier: GPL-2.0
#include "acl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fail.h"
#include "identity.h"
#include "util.h"

struct rules {
	bool all;
	uint8_t (*keys)[FMP_PUBLIC_KEY_SIZE];	/* in order */
	size_t count;
};

/* What tells one version of a file from another. */
struct version {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct list {
	char *path;
	struct version version;
	bool read;
	struct rules rules;
};

struct acl {
	struct list allow;
	struct list deny;
};

static void rules_release(struct rules *rules)
{
	free(rules->keys);
	memset(rules, 0, sizeof(*rules));
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, FMP_PUBLIC_KEY_SIZE);
}

static bool rules_match(const struct rules *rules, const uint8_t *key)
{
	if (rules->all)
		return true;
	return rules->count &&
	       bsearch(key, rules->keys, rules->count, FMP_PUBLIC_KEY_SIZE, by_key);
}

static bool wrong(const struct list *list, unsigned int line, const char *what)
{
	report_word(list->path, "line %u: %s", line, what);
	return false;
}

/* What a line holds besides a comment is one word, or nothing. */
static bool take_line(struct rules *rules, const struct list *list, unsigned int number,
		      char *line)
{
	static const char space[] = " \t\r\n\v\f";
	enum key_error err;
	char *word, *rest;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, space, &rest);
	if (!word)
		return true;
	if (strtok_r(NULL, space, &rest))
		return wrong(list, number, "one key a line, or ALL");
	if (strcmp(word, "ALL") == 0) {
		rules->all = true;
		return true;
	}
	rules->keys = grow(rules->keys, rules->count, sizeof(*rules->keys));
	err = public_key_decode(rules->keys[rules->count], word);
	if (err)
		return wrong(list, number, key_strerror(err));
	rules->count++;
	return true;
}

static bool read_lines(struct rules *rules, const struct list *list, FILE *file)
{
	unsigned int number = 0;
	bool good = true;
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	while (good && (len = getline(&line, &size, file)) >= 0) {
		number++;
		if (strlen(line) != (size_t)len)
			good = wrong(list, number, "not text");
		else
			good = take_line(rules, list, number, line);
	}
	free(line);
	if (good && ferror(file)) {
		report_word(list->path, "cannot read the rules: %s", strerror(errno));
		good = false;
	}
	return good;
}

static struct version version_of(const struct stat *st)
{
	struct version version;

	/* Compared as a whole, padding included. */
	memset(&version, 0, sizeof(version));
	version.dev = st->st_dev;
	version.ino = st->st_ino;
	version.size = st->st_size;
	version.changed = st->st_mtim;
	return version;
}

static bool read_list(struct list *list, FILE *file)
{
	struct rules rules = { 0 };

	if (!read_lines(&rules, list, file)) {
		rules_release(&rules);
		return false;
	}
	if (rules.count)
		qsort(rules.keys, rules.count, FMP_PUBLIC_KEY_SIZE, by_key);
	rules_release(&list->rules);
	list->rules = rules;
	return true;
}

static bool no_file(struct list *list)
{
	if (errno != ENOENT) {
		report_word(list->path, "cannot open the rules: %s", strerror(errno));
		return false;
	}
	if (list->read)
		report_word(list->path, "is gone, and so are its rules");
	list->read = false;
	rules_release(&list->rules);
	return true;
}

static bool is_changed(struct list *list)
{
	struct version version;
	struct stat st;

	if (stat(list->path, &st))
		return list->read;
	version = version_of(&st);
	if (list->read && memcmp(&version, &list->version, sizeof(version)) == 0)
		return false;
	/* What cannot be used is tried once. */
	list->version = version;
	list->read = true;
	return true;
}

static bool reload(struct list *list, bool all)
{
	FILE *file;
	bool good;

	if (!is_changed(list) && !all)
		return true;
	file = fopen(list->path, "re");
	if (!file)
		return no_file(list);
	good = read_list(list, file);
	fclose(file);
	return good;
}

struct acl *acl_new(const char *allow, const char *deny)
{
	struct acl *acl = xcalloc(1, sizeof(*acl));

	acl->allow.path = xstrdup(allow);
	acl->deny.path = xstrdup(deny);
	return acl;
}

static void release(struct list *list)
{
	rules_release(&list->rules);
	free(list->path);
}

void acl_free(struct acl *acl)
{
	if (!acl)
		return;
	release(&acl->allow);
	release(&acl->deny);
	free(acl);
}

bool acl_reload(struct acl *acl, bool all)
{
	bool allow = reload(&acl->allow, all), deny = reload(&acl->deny, all);

	return allow && deny;
}

bool acl_admits(const struct acl *acl, const uint8_t *key, bool configured)
{
	if (rules_match(&acl->allow.rules, key))
		return true;
	if (rules_match(&acl->deny.rules, key))
		return false;
	return configured;
}
