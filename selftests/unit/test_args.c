// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "fail.h"
#include "harness.h"
#include "util.h"

struct taken {
	char *all;	/* "name=value " for each in turn */
};

static int note(struct taken *taken, const char *name, const char *value)
{
	char *longer = xasprintf("%s%s=%s ", taken->all ? taken->all : "", name, value ? value : "");

	free(taken->all);
	taken->all = longer;
	return STATUS_OK;
}

static int take_one(void *into, const char *value)
{
	return note(into, "one", value);
}

static int take_many(void *into, const char *value)
{
	return note(into, "many", value);
}

static int take_flag(void *into, const char *value)
{
	return note(into, "flag", value);
}

static int take_refusing(void *into, const char *value)
{
	(void)into;
	return usage_word(value, "not liked");
}

static const struct keyword table[] = {
	{ "one", "a value", take_one, KEYWORD_MUST },
	{ "many", "a value", take_many, KEYWORD_MANY },
	{ "flag", NULL, take_flag, 0 },
	{ "refusing", "a value", take_refusing, 0 },
	{ 0 },
};

#define WORDS(...) ((char *[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static int read_words(char **words, const char *stop, const char *want)
{
	struct args args = args_of(words, "before");
	struct taken taken = { 0 };
	int status;

	capture_messages();
	status = args_keywords(&args, table, stop, &taken);
	if (want)
		CHECK_FMT(taken.all && strcmp(taken.all, want) == 0, "%s", taken.all);
	free(taken.all);
	return status;
}

static void test_good(void)
{
	CHECK(read_words(WORDS("one", "1"), NULL, "one=1 ") == STATUS_OK);
	CHECK(read_words(WORDS("many", "a", "flag", "one", "1", "many", "b"), NULL,
			 "many=a flag= one=1 many=b ") == STATUS_OK);
	CHECK(read_words(WORDS("one", "flag"), NULL, "one=flag ") == STATUS_OK);
	CHECK(read_words(WORDS("one", "1", "stop", "nonsense"), "stop", "one=1 ") == STATUS_OK);
}

static void test_bad(void)
{
	CHECK(read_words(WORDS("one", "1", "tow"), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'tow': unknown word, known here: one, many, flag, refusing\n"));
	CHECK(read_words(WORDS("one", "1", "tow"), "stop", NULL) == STATUS_USAGE);
	CHECK(said("refusing, stop\n"));
	CHECK(read_words(WORDS("one"), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'one': a value is missing after it"));
	CHECK(read_words(WORDS("one", "1", "one", "2"), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'one': given more than once"));
	CHECK(read_words(WORDS("flag"), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'one' is missing"));
	CHECK(read_words(WORDS(NULL), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'before': 'one' is missing"));
	CHECK(read_words(WORDS("refusing", "x"), NULL, NULL) == STATUS_USAGE);
	CHECK(said("'x': not liked"));
}

static void test_words(void)
{
	struct args args = args_of(WORDS("a", "b", "c"), "before");
	const char *word;

	capture_messages();
	CHECK(args_want(&args, &word, "a word") == STATUS_OK && strcmp(word, "a") == 0);
	CHECK(args_expect(&args, "x") == STATUS_USAGE);
	CHECK(said("'b': 'x' belongs here"));
	CHECK(args_expect(&args, "b") == STATUS_OK);
	CHECK(args_end(&args) == STATUS_USAGE);
	CHECK(said("'c': one word too many"));
	CHECK(args_expect(&args, "c") == STATUS_OK);
	CHECK(args_end(&args) == STATUS_OK);
	CHECK(args_want(&args, &word, "a word") == STATUS_USAGE);
	CHECK(said("'c': a word is missing after it"));
	CHECK(args_expect(&args, "d") == STATUS_USAGE);
	CHECK(said("'c': 'd' is missing after it"));
}

const struct test args_tests[] = {
	{ "good_lines", test_good },
	{ "bad_words_are_named", test_bad },
	{ "single_words", test_words },
	{ 0 },
};
