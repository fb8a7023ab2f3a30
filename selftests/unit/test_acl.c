// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acl.h"
#include "harness.h"
#include "util.h"

#define X1 "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define NPUB1 "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"
#define X2 "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define NSEC "nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y"

static char directory[] = "/tmp/fmp-acl-XXXXXX";
static char *allow, *deny;
static uint8_t key1[32], key2[32];

static struct acl *begin(void)
{
	strcpy(directory, "/tmp/fmp-acl-XXXXXX");
	if (!mkdtemp(directory))
		abort();
	allow = xasprintf("%s/allow", directory);
	deny = xasprintf("%s/deny", directory);
	from_hex(key1, 32, X1);
	from_hex(key2, 32, X2);
	capture_messages();
	return acl_new(allow, deny);
}

static void end(struct acl *acl)
{
	acl_free(acl);
	unlink(allow);
	unlink(deny);
	rmdir(directory);
	free(allow);
	free(deny);
}

/* As an editor does it: another file under the same name. */
static void put(const char *path, const char *text)
{
	char *temporary = xasprintf("%s.new", path);
	FILE *file = fopen(temporary, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) || rename(temporary, path))
		abort();
	free(temporary);
}

static void check_rules(struct acl *acl, const char *what, bool stranger1, bool stranger2,
		  bool configured1, bool configured2, int line)
{
	CHECK_FMT(acl_admits(acl, key1, false) == stranger1 &&
		  acl_admits(acl, key2, false) == stranger2 &&
		  acl_admits(acl, key1, true) == configured1 &&
		  acl_admits(acl, key2, true) == configured2, "%s, line %d", what, line);
}

#define ADMITS(acl, ...) check_rules(acl, #__VA_ARGS__, __VA_ARGS__, __LINE__)

static void no_files(void)
{
	struct acl *acl = begin();

	CHECK(acl_reload(acl, true));
	ADMITS(acl, false, false, true, true);
	end(acl);
}

static void order(void)
{
	static const struct {
		const char *allow, *deny;
		bool stranger1, stranger2, configured1, configured2;
	} cases[] = {
		{ "", "", false, false, true, true },
		{ X1, "", true, false, true, true },
		{ "", X1, false, false, false, true },
		{ X1, X1, true, false, true, true },
		{ "ALL", "", true, true, true, true },
		{ "", "ALL", false, false, false, false },
		{ X1, "ALL", true, false, true, false },
		{ "ALL", X1, true, true, true, true },
		{ "ALL", "ALL", true, true, true, true },
	};
	struct acl *acl = begin();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(allow, cases[i].allow);
		put(deny, cases[i].deny);
		CHECK(acl_reload(acl, true));
		check_rules(acl, "case", cases[i].stranger1, cases[i].stranger2, cases[i].configured1,
		      cases[i].configured2, (int)i);
	}
	end(acl);
}

static void format(void)
{
	struct acl *acl = begin();

	put(allow, "# who is let in\n\n  \t" NPUB1 "   # by name\r\n" X2 "#\n#ALL\n" X2);
	CHECK(acl_reload(acl, true));
	ADMITS(acl, true, true, true, true);
	put(allow, "NPUB10XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQPKGE6D");
	CHECK(acl_reload(acl, false));
	ADMITS(acl, true, false, true, true);
	end(acl);
}

/* What was good stays, and what is wrong is said, but never a secret. */
static void errors(void)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ X2 "\nall\n", "line 2: " },
		{ X2 " " X1, "line 1: one key a line" },
		{ "\n\nnpub1xyz\n", "line 3: " },
		{ NSEC "\n", "line 1: " },
		{ X2 "\n" "0000000000000000000000000000000000000000000000000000000000000005\n",
		  "line 2: " },
	};
	struct acl *acl = begin();
	char *messages;
	size_t i;

	put(allow, X1 "\n");
	CHECK(acl_reload(acl, true));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(allow, cases[i].text);
		CHECK_FMT(!acl_reload(acl, false), "case %zu", i);
		ADMITS(acl, true, false, true, true);
		messages = captured_messages();
		CHECK_FMT(messages && strstr(messages, cases[i].said), "case %zu: %s", i,
			  messages ? messages : "nothing");
		CHECK(messages && !strstr(messages, NSEC + 10));
		free(messages);
		capture_messages();
		/* It is not said each time. */
		CHECK(acl_reload(acl, false));
		messages = captured_messages();
		CHECK(messages && !*messages);
		free(messages);
		capture_messages();
	}
	put(allow, X2 "\n");
	CHECK(acl_reload(acl, false));
	ADMITS(acl, false, true, true, true);
	end(acl);
}

static void binary(void)
{
	struct acl *acl = begin();
	FILE *file = fopen(allow, "w");

	if (!file || fwrite("A\0LL\n", 1, 5, file) != 5 || fclose(file))
		abort();
	CHECK(!acl_reload(acl, true) && said("line 1: not text"));
	end(acl);
}

/* Changes are noticed by time, size and inode; and by going away. */
static void reload(void)
{
	struct acl *acl = begin();

	put(allow, X1 "\n");
	CHECK(acl_reload(acl, false));
	ADMITS(acl, true, false, true, true);
	put(allow, X2 "\n");
	CHECK(acl_reload(acl, false));
	ADMITS(acl, false, true, true, true);
	unlink(allow);
	CHECK(acl_reload(acl, false) && said("is gone"));
	ADMITS(acl, false, false, true, true);
	CHECK(acl_reload(acl, false) && !said("is gone"));
	put(allow, X2 "\n");
	CHECK(acl_reload(acl, false));
	ADMITS(acl, false, true, true, true);
	end(acl);
}

static void many(void)
{
	struct acl *acl = begin();
	FILE *file = fopen(deny, "w");
	int i;

	if (!file)
		abort();
	for (i = 0; i < 20000; i++)
		fputs(i == 12345 ? X2 "\n" : X1 "\n", file);
	fclose(file);
	CHECK(acl_reload(acl, true));
	ADMITS(acl, false, false, false, false);
	end(acl);
}

const struct test acl_tests[] = {
	{ "no_files", no_files },
	{ "order", order },
	{ "format", format },
	{ "errors", errors },
	{ "binary", binary },
	{ "reload", reload },
	{ "many", many },
	{ 0 },
};
