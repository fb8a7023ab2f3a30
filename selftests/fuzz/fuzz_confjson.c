// SPDX-License-Identifier: GPL-2.0
/*
 * Configurations as JSON: they are read or refused, and what is read can be planned.
 */
#include "conf-checks.h"
#include "confjson.h"

/* As often as a peer was read, its key is in the text, whatever else is. */
static size_t count_word(const char *text, size_t size, const char *word)
{
	size_t len = strlen(word), count = 0, i;

	for (i = 0; i + len <= size; i++)
		count += memcmp(text + i, word, len) == 0;
	return count;
}

static bool check_text(const struct conf *conf, const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (!conf->json)
		return false;
	MUST(confjson_is(text, size) && conf->interface_line);
	MUST(count_word(text, size, "\"interface\"") >= 1);
	MUST(count_word(text, size, "\"peers\"") >= 1);
	MUST(count_word(text, size, "\"public_key\"") >= conf->peer_count);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_conf(data, size, "fuzz.json", check_text);
}
