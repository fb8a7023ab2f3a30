// SPDX-License-Identifier: GPL-2.0
/* Apart from the rest of parse.h, which gets along without curves. */
#include "fail.h"
#include "identity.h"
#include "parse.h"

int parse_public_key(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word)
{
	enum key_error err = public_key_decode(key, word);

	if (err)
		return usage_word(word, "%s", key_strerror(err));
	return STATUS_OK;
}
