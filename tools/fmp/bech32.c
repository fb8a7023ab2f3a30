// SPDX-License-Identifier: GPL-2.0
#include "bech32.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#define CHECKSUM_LEN 6

#define RESIDUE_BECH32	1
#define RESIDUE_BECH32M	0x2bc830a3

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t step(uint32_t residue, uint8_t value)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3,
	};
	uint8_t top = residue >> 25;
	unsigned int i;

	residue = (residue & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		if (top >> i & 1)
			residue ^= generator[i];

	return residue;
}

static uint32_t residue_of_hrp(const char *hrp)
{
	uint32_t residue = 1;
	const char *p;

	for (p = hrp; *p; p++)
		residue = step(residue, (uint8_t)*p >> 5);
	residue = step(residue, 0);
	for (p = hrp; *p; p++)
		residue = step(residue, (uint8_t)*p & 31);

	return residue;
}

static bool mixed_case(const char *word)
{
	bool upper = false, lower = false;

	for (; *word; word++) {
		upper |= *word >= 'A' && *word <= 'Z';
		lower |= *word >= 'a' && *word <= 'z';
	}
	return upper && lower;
}

static int value_of(char c)
{
	const char *p = c ? strchr(alphabet, tolower((unsigned char)c)) : NULL;

	return p ? (int)(p - alphabet) : -1;
}

static enum bech32_error read_hrp(struct bech32 *out, const char *word, size_t len)
{
	size_t i;

	if (len == 0 || len > BECH32_HRP_MAX)
		return BECH32_MALFORMED;

	for (i = 0; i < len; i++) {
		if (word[i] < 33 || word[i] > 126)
			return BECH32_MALFORMED;
		out->hrp[i] = (char)tolower((unsigned char)word[i]);
	}
	out->hrp[len] = '\0';
	return BECH32_OK;
}

/* Bits left over at the end are padding; like the reference, we do not look at them. */
static void pack(struct bech32 *out, const char *symbols, size_t count)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t i;

	out->len = 0;
	for (i = 0; i < count; i++) {
		bits = bits << 5 | (uint32_t)value_of(symbols[i]);
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		out->data[out->len++] = (uint8_t)(bits >> have);
	}
	sodium_memzero(&bits, sizeof(bits));
}

enum bech32_error bech32_decode(struct bech32 *out, const char *word)
{
	const char *separator = strrchr(word, '1');
	const char *symbols;
	enum bech32_error err;
	uint32_t residue;
	size_t count, i;

	memset(out, 0, sizeof(*out));
	if (!separator)
		return BECH32_MALFORMED;
	if (mixed_case(word))
		return BECH32_CASE;

	err = read_hrp(out, word, (size_t)(separator - word));
	if (err)
		return err;

	symbols = separator + 1;
	count = strlen(symbols);
	for (i = 0; i < count; i++)
		if (value_of(symbols[i]) < 0)
			return BECH32_MALFORMED;

	if (count < CHECKSUM_LEN || strlen(word) > BECH32_MAX)
		return BECH32_CHECKSUM;

	residue = residue_of_hrp(out->hrp);
	for (i = 0; i < count; i++)
		residue = step(residue, (uint8_t)value_of(symbols[i]));

	/* The reference reads both codes and writes the older one. */
	if (residue != RESIDUE_BECH32 && residue != RESIDUE_BECH32M)
		return BECH32_CHECKSUM;

	pack(out, symbols, count - CHECKSUM_LEN);
	return BECH32_OK;
}

static char *put_symbol(char *out, uint32_t *residue, uint8_t value)
{
	*residue = step(*residue, value);
	*out = alphabet[value];
	return out + 1;
}

static char *put_data(char *out, uint32_t *residue, const uint8_t *data, size_t len)
{
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			out = put_symbol(out, residue, bits >> (have - 5) & 31);
	}
	if (have)
		out = put_symbol(out, residue, bits << (5 - have) & 31);

	sodium_memzero(&bits, sizeof(bits));
	return out;
}

void bech32_encode(char *out, const char *hrp, const uint8_t *data, size_t len)
{
	uint32_t residue = residue_of_hrp(hrp);
	size_t hrp_len = strlen(hrp);
	unsigned int i;

	memcpy(out, hrp, hrp_len);
	out += hrp_len;
	*out++ = '1';
	out = put_data(out, &residue, data, len);

	for (i = 0; i < CHECKSUM_LEN; i++)
		residue = step(residue, 0);
	residue ^= RESIDUE_BECH32;
	for (i = 0; i < CHECKSUM_LEN; i++)
		*out++ = alphabet[residue >> 5 * (CHECKSUM_LEN - 1 - i) & 31];
	*out = '\0';
}
