// SPDX-License-Identifier: GPL-2.0
/*
 * Keys as users write them.  The first byte says what the rest is: the word itself, or
 * bytes that are encoded first, as a checksum is nothing that is guessed.
 */
#include <ctype.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <sodium.h>

#include "bech32.h"
#include "fail.h"
#include "fuzz.h"
#include "identity.h"
#include "util.h"

enum mode {
	MODE_WORD,
	MODE_NPUB,
	MODE_NSEC,
	MODE_HEX,
	MODES,
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return sodium_init() < 0;
}

static char *word_of(enum mode mode, const uint8_t *data, size_t size)
{
	const char *hrp = mode == MODE_NPUB ? "npub" : "nsec";
	char *word;

	if (mode == MODE_WORD) {
		word = xcalloc(size + 1, 1);
		memcpy(word, data, size);
		return word;
	}
	if (mode == MODE_HEX) {
		word = xcalloc(2 * size + 1, 1);
		hex_encode(word, data, size);
		return word;
	}
	word = xcalloc(BECH32_SIZE(strlen(hrp), size), 1);
	bech32_encode(word, hrp, data, size);
	MUST(strlen(word) + 1 == BECH32_SIZE(strlen(hrp), size));
	return word;
}

static void check_bech32(const char *word)
{
	struct bech32 parts, again;
	char *encoded;

	if (bech32_decode(&parts, word))
		return;
	MUST(parts.len <= sizeof(parts.data) && strlen(parts.hrp) < sizeof(parts.hrp));
	encoded = xcalloc(BECH32_SIZE(strlen(parts.hrp), parts.len), 1);
	bech32_encode(encoded, parts.hrp, parts.data, parts.len);
	MUST(bech32_decode(&again, encoded) == BECH32_OK);
	MUST(again.len == parts.len && memcmp(again.data, parts.data, parts.len) == 0);
	MUST(strcmp(again.hrp, parts.hrp) == 0);
	free(encoded);
}

static bool is_point(const uint8_t key[FMP_PUBLIC_KEY_SIZE])
{
	secp256k1_xonly_pubkey point;

	return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &point, key);
}

static void check_public(const char *word)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE], again[FMP_PUBLIC_KEY_SIZE];
	char npub[NPUB_SIZE];

	if (npub_decode(key, word) == KEY_OK) {
		MUST(is_point(key) && strlen(word) + 1 >= sizeof(npub));
		npub_encode(npub, key);
		MUST(npub_decode(again, npub) == KEY_OK);
		MUST(memcmp(key, again, sizeof(key)) == 0);
	}
	if (public_key_decode(key, word) == KEY_OK) {
		MUST(is_point(key) && strncasecmp(word, "nsec", 4) != 0);
		npub_encode(npub, key);
		MUST(public_key_decode(again, npub) == KEY_OK);
		MUST(memcmp(key, again, sizeof(key)) == 0);
	}
}

static void check_secret(const char *word)
{
	uint8_t secret[SECRET_SIZE], again[SECRET_SIZE], point[COMPRESSED_SIZE];
	char nsec[NSEC_SIZE], *shown;

	if (secret_decode(secret, word))
		return;
	MUST(secret_valid(secret));
	MUST(public_from_secret(point, secret) == KEY_OK);
	nsec_encode(nsec, secret);
	MUST(secret_decode(again, nsec) == KEY_OK);
	MUST(memcmp(secret, again, sizeof(secret)) == 0);

	/* What is a secret never is in a message, wherever it was given. */
	shown = shown_word(word);
	MUST(strlen(shown) < 8);
	free(shown);
}

static void check_shown(const char *word)
{
	char *shown = shown_word(word);
	size_t i;

	for (i = 0; shown[i]; i++)
		MUST(!iscntrl((unsigned char)shown[i]));
	free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word;

	if (!size)
		return 0;
	word = word_of(data[0] % MODES, data + 1, size - 1);
	check_bech32(word);
	check_public(word);
	check_secret(word);
	check_shown(word);
	free(word);
	return 0;
}
