// SPDX-License-Identifier: GPL-2.0
#include "mask.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fail.h"
#include "identity.h"
#include "util.h"

/* More than the longest name of a host. */
#define WORD_MAX 512
#define SECRET_PREFIX "nsec1"

enum kind { KIND_KEY, KIND_NODE, KIND_ADDRESS, KIND_MAC, KIND_NAME, KINDS };

static const char *const kind_names[KINDS] = { "key", "node", "address", "mac", "name" };

/* What it is as bytes, so that it is known however it is written. */
struct known {
	enum kind kind;
	unsigned int number;
	size_t len;
	const char *id;		/* of one that is kept: behind it */
};

struct mask {
	bool all;
	void *known;		/* for tsearch() */
	unsigned int numbers[KINDS];
};

struct mask *mask_new(bool all)
{
	struct mask *mask = xcalloc(1, sizeof(*mask));

	mask->all = all;
	return mask;
}

void mask_free(struct mask *mask)
{
	tdestroy(mask->known, free);
	free(mask);
}

static int compare(const void *left, const void *right)
{
	const struct known *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->id, b->id, a->len);
}

static const struct known *find(const struct mask *mask, enum kind kind, const void *id, size_t len)
{
	struct known wanted = { .kind = kind, .len = len, .id = id };
	struct known *const *node = tfind(&wanted, &mask->known, compare);

	return node ? *node : NULL;
}

static const struct known *learn(struct mask *mask, enum kind kind, const void *id, size_t len)
{
	const struct known *known = find(mask, kind, id, len);
	struct known *fresh;

	if (known)
		return known;
	fresh = xcalloc(1, sizeof(*fresh) + len);
	fresh->kind = kind;
	fresh->number = ++mask->numbers[kind];
	fresh->len = len;
	fresh->id = memcpy(fresh + 1, id, len);
	if (!tsearch(fresh, &mask->known, compare))
		exit(refused("out of memory"));
	return fresh;
}

void mask_name(struct mask *mask, const char *name, size_t len)
{
	char lower[WORD_MAX];
	bool letters = false;
	size_t i;

	while (len && name[len - 1] == '.')
		len--;
	if (len > sizeof(lower))
		return;
	for (i = 0; i < len; i++) {
		lower[i] = (char)tolower((unsigned char)name[i]);
		letters = letters || isalpha((unsigned char)name[i]);
	}
	/* Digits alone would be found in addresses. */
	if (letters)
		learn(mask, KIND_NAME, lower, len);
}

static size_t put(struct mask *mask, enum kind kind, const void *id, size_t len, size_t taken,
		  FILE *out)
{
	fprintf(out, "%s-%u", kind_names[kind], learn(mask, kind, id, len)->number);
	return taken;
}

static bool is_hex(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (hex_digit(word[i]) < 0)
			return false;
	return true;
}

static void hex_bytes(uint8_t *out, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_digit(word[2 * i]) << 4 | hex_digit(word[2 * i + 1]));
}

static size_t put_key(struct mask *mask, const char *word, size_t len, FILE *out)
{
	char copy[WORD_MAX];
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	memcpy(copy, word, len);
	copy[len] = '\0';
	if (len == 2 * sizeof(key) && is_hex(word, len)) {
		hex_bytes(key, word, sizeof(key));
		return put(mask, KIND_KEY, key, sizeof(key), len, out);
	}
	if (len == 2 * FMP_NODE_ADDR_SIZE && is_hex(word, len)) {
		hex_bytes(key, word, FMP_NODE_ADDR_SIZE);
		return put(mask, KIND_NODE, key, FMP_NODE_ADDR_SIZE, len, out);
	}
	if (npub_decode(key, copy) == KEY_OK)
		return put(mask, KIND_KEY, key, sizeof(key), len, out);
	return 0;
}

/* Those that tell nothing of who has them. */
static bool is_common4(const struct in_addr *address)
{
	uint32_t host = ntohl(address->s_addr);

	return !host || host >> 24 == 127 || host >> 28 == 14 || host == 0xffffffff;
}

static bool is_common6(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address) ||
	       IN6_IS_ADDR_MULTICAST(address);
}

static bool is_mac(const char *word, size_t len)
{
	size_t i;

	if (len != 17)
		return false;
	for (i = 0; i < len; i++)
		if (i % 3 == 2 ? word[i] != ':' : hex_digit(word[i]) < 0)
			return false;
	return true;
}

/* Of exactly so many characters; how many were written over, 0 when it is none to hide. */
static size_t put_address(struct mask *mask, const char *word, size_t len, FILE *out)
{
	struct in6_addr six;
	struct in_addr four;
	char copy[WORD_MAX];

	memcpy(copy, word, len);
	copy[len] = '\0';
	if (is_mac(word, len))
		return put(mask, KIND_MAC, copy, len, len, out);
	if (inet_pton(AF_INET, copy, &four) == 1 && !is_common4(&four))
		return put(mask, KIND_ADDRESS, &four, sizeof(four), len, out);
	if (inet_pton(AF_INET6, copy, &six) == 1 && !is_common6(&six))
		return put(mask, KIND_ADDRESS, &six, sizeof(six), len, out);
	return 0;
}

/* A point or a colon, and a port, may follow. */
static size_t put_addresses(struct mask *mask, const char *word, FILE *out)
{
	size_t len = strspn(word, "0123456789abcdefABCDEF:."), taken = 0;

	if (len >= WORD_MAX)
		return 0;
	for (; len >= 2 && !taken; len--)
		if (!isalnum((unsigned char)word[len]) || !isalnum((unsigned char)word[len - 1]))
			taken = put_address(mask, word, len, out);
	return taken;
}

static size_t put_name(struct mask *mask, const char *word, FILE *out)
{
	char lower[WORD_MAX];
	size_t len = 0, longest = 0, i;

	while (isalnum((unsigned char)word[len]) || word[len] == '-' || word[len] == '.' ||
	       word[len] == '_')
		len++;
	for (i = 0; i < len && i < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)word[i]);
	for (; i; i--)
		if ((i == len || word[i] == '.') && find(mask, KIND_NAME, lower, i)) {
			longest = i;
			break;
		}
	return longest ? put(mask, KIND_NAME, lower, longest, longest, out) : 0;
}

/* At the begin of a word; how much of the text is done, 0 for nothing to hide. */
static size_t hide(struct mask *mask, const char *word, FILE *out)
{
	size_t len = 0, taken;

	while (isalnum((unsigned char)word[len]))
		len++;
	if (strncasecmp(word, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0) {
		fputs("(a secret key was here)", out);
		return len;
	}
	if (!mask->all)
		return 0;
	taken = len && len < WORD_MAX ? put_key(mask, word, len, out) : 0;
	/* A name may begin with what looks like an address. */
	if (!taken)
		taken = put_name(mask, word, out);
	return taken ? taken : put_addresses(mask, word, out);
}

void mask_write(struct mask *mask, const char *text, FILE *out)
{
	bool inside = false;
	size_t taken;

	while (*text) {
		taken = inside ? 0 : hide(mask, text, out);
		if (!taken) {
			fputc(*text, out);
			taken = 1;
		}
		text += taken;
		inside = isalnum((unsigned char)text[-1]);
	}
}
