/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_BECH32_H
#define FMP_BECH32_H

#include <stddef.h>
#include <stdint.h>

enum bech32_error {
	BECH32_OK,
	BECH32_MALFORMED,	/* no separator, no prefix or a character outside the alphabet */
	BECH32_CASE,		/* upper and lower case in one word */
	BECH32_CHECKSUM,
};

/* Longest prefix and longest word of the code. */
#define BECH32_HRP_MAX 83
#define BECH32_MAX 1023

/* Bytes that a word of BECH32_MAX characters can carry. */
#define BECH32_DATA_MAX (BECH32_MAX * 5 / 8)

struct bech32 {
	char hrp[BECH32_HRP_MAX + 1];	/* in lower case */
	uint8_t data[BECH32_DATA_MAX];
	size_t len;
};

enum bech32_error bech32_decode(struct bech32 *out, const char *word);

/* Characters of the encoding of len bytes, terminator included. */
#define BECH32_SIZE(hrp_len, len) ((hrp_len) + 1 + ((len) * 8 + 4) / 5 + 6 + 1)

/* out has BECH32_SIZE(strlen(hrp), len) characters; hrp is in lower case. */
void bech32_encode(char *out, const char *hrp, const uint8_t *data, size_t len);

#endif /* FMP_BECH32_H */
