// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "identity.h"
#include "util.h"
#include "vectors.h"

static struct json_object *vectors;

static void check_forward(struct json_object *entry)
{
	uint8_t secret[SECRET_SIZE], point[COMPRESSED_SIZE], node[FMP_NODE_ADDR_SIZE];
	char npub[NPUB_SIZE], nsec[NSEC_SIZE], shown[INET6_ADDRSTRLEN];
	struct in6_addr address, written;

	from_hex(secret, sizeof(secret), vector_text(entry, "secret"));
	nsec_encode(nsec, secret);
	CHECK(strcmp(nsec, vector_text(entry, "nsec")) == 0);

	CHECK(public_from_secret(point, secret) == KEY_OK);
	CHECK(equal_hex(point, sizeof(point), vector_text(entry, "pubkey")));
	CHECK(equal_hex(point + 1, FMP_PUBLIC_KEY_SIZE, vector_text(entry, "xonly")));
	CHECK((point[0] == 3) == vector_truth(entry, "odd_y"));

	npub_encode(npub, point + 1);
	CHECK(strcmp(npub, vector_text(entry, "npub")) == 0);
	node_addr_of(node, point + 1);
	CHECK(equal_hex(node, sizeof(node), vector_text(entry, "node_addr")));

	address = address_of_node(node);
	CHECK(equal_hex(address.s6_addr, sizeof(address.s6_addr), vector_text(entry, "ipv6_bytes")));
	CHECK(inet_pton(AF_INET6, vector_text(entry, "ipv6"), &written) == 1);
	CHECK_FMT(memcmp(&written, &address, sizeof(address)) == 0, "%s",
		  inet_ntop(AF_INET6, &address, shown, sizeof(shown)));
}

static void check_backward(struct json_object *entry)
{
	uint8_t key[32];

	CHECK(secret_decode(key, vector_text(entry, "nsec")) == KEY_OK);
	CHECK(equal_hex(key, sizeof(key), vector_text(entry, "secret")));
	CHECK(secret_decode(key, vector_text(entry, "secret")) == KEY_OK);
	CHECK(equal_hex(key, sizeof(key), vector_text(entry, "secret")));

	CHECK(npub_decode(key, vector_text(entry, "npub")) == KEY_OK);
	CHECK(equal_hex(key, sizeof(key), vector_text(entry, "xonly")));
	CHECK(public_key_decode(key, vector_text(entry, "npub")) == KEY_OK);
	CHECK(equal_hex(key, sizeof(key), vector_text(entry, "xonly")));
	CHECK(public_key_decode(key, vector_text(entry, "xonly")) == KEY_OK);
	CHECK(equal_hex(key, sizeof(key), vector_text(entry, "xonly")));
	CHECK(public_key_decode(key, vector_text(entry, "nsec")) == KEY_SECRET);
	CHECK(npub_decode(key, vector_text(entry, "nsec")) == KEY_HRP);
	CHECK(secret_decode(key, vector_text(entry, "npub")) == KEY_HRP);
}

static void check_identity(struct json_object *entry)
{
	static const char *const keys[] = {
		"ipv6", "ipv6_bytes", "name", "node_addr", "npub", "nsec", "odd_y", "pubkey",
		"secret", "xonly",
	};

	vector_keys(entry, keys, ARRAY_SIZE(keys));
	check_forward(entry);
	check_backward(entry);
}

static void check_tie(struct json_object *entry)
{
	static const char *const keys[] = {
		"ours", "theirs", "ours_smaller", "our_inbound_wins", "our_outbound_wins",
	};
	uint8_t ours[FMP_NODE_ADDR_SIZE], theirs[FMP_NODE_ADDR_SIZE];
	bool smaller;

	vector_keys(entry, keys, ARRAY_SIZE(keys));
	from_hex(ours, sizeof(ours), vector_text(entry, "ours"));
	from_hex(theirs, sizeof(theirs), vector_text(entry, "theirs"));
	smaller = node_addr_compare(ours, theirs) < 0;
	CHECK(smaller == vector_truth(entry, "ours_smaller"));
	CHECK(smaller == vector_truth(entry, "our_outbound_wins"));
	CHECK(smaller != vector_truth(entry, "our_inbound_wins"));
}

#define KIND(k) (1U << (k))

/*
 * What the reference says, and what we may call it: we tell a wrong case from
 * wrong characters, and the kind of a key from its digits.
 */
static const struct {
	const char *part;
	unsigned int kinds;
} reference_errors[] = {
	{ "parsing failed", KIND(KEY_MALFORMED) | KIND(KEY_CASE) },
	{ "no valid bech32", KIND(KEY_CHECKSUM) },
	{ "prefix, got", KIND(KEY_HRP) },
	{ "expected 32 bytes", KIND(KEY_LENGTH) },
	{ "malformed public key", KIND(KEY_POINT) },
	{ "out-of-range secret key", KIND(KEY_RANGE) },
	{ "Odd number of digits", KIND(KEY_LENGTH) | KIND(KEY_HRP) | KIND(KEY_MALFORMED) },
	{ "invalid hex encoding", KIND(KEY_HRP) | KIND(KEY_MALFORMED) },
};

static void check_error(enum key_error err, const char *said_there, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reference_errors); i++) {
		if (!strstr(said_there, reference_errors[i].part))
			continue;
		CHECK_FMT(err != KEY_OK && (KIND(err) & reference_errors[i].kinds),
			  "%s: '%s' for '%s'", name, key_strerror(err), said_there);
		return;
	}
	CHECK_FMT(false, "%s: unknown error '%s'", name, said_there);
}

static void check_decode(struct json_object *entry, const char *operation, const char *value_key,
			 enum key_error (*decode)(uint8_t *, const char *))
{
	const char *const keys[] = { "input", "name", operation };
	const char *const results[] = { "error", value_key };
	struct json_object *result = NULL;
	const char *name = vector_text(entry, "name");
	enum key_error err;
	uint8_t key[32];

	vector_keys(entry, keys, ARRAY_SIZE(keys));
	if (!CHECK(json_object_object_get_ex(entry, operation, &result)))
		return;
	vector_keys(result, results, ARRAY_SIZE(results));
	CHECK(json_object_object_length(result) == 1);

	err = decode(key, vector_text(entry, "input"));
	if (json_object_object_get_ex(result, "error", NULL)) {
		check_error(err, vector_text(result, "error"), name);
		return;
	}
	CHECK_FMT(err == KEY_OK, "%s: %s", name, key_strerror(err));
	CHECK_FMT(equal_hex(key, sizeof(key), vector_text(result, value_key)), "%s", name);
}

static void check_npub(struct json_object *entry)
{
	check_decode(entry, "decode_npub", "xonly", npub_decode);
}

static void check_secret(struct json_object *entry)
{
	check_decode(entry, "decode_secret", "secret", secret_decode);
}

static const struct {
	const char *name;
	void (*check_one)(struct json_object *entry);
} lists[] = {
	{ "identities", check_identity },
	{ "tie_break", check_tie },
	{ "npub_decode", check_npub },
	{ "secret_decode", check_secret },
};

static size_t run_list(size_t which)
{
	struct json_object *list = vector_list(vectors, lists[which].name);
	size_t i, count = list ? json_object_array_length(list) : 0;

	CHECK(count > 0);
	for (i = 0; i < count; i++)
		lists[which].check_one(json_object_array_get_idx(list, i));
	return count;
}

static bool known_list(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		if (strcmp(lists[i].name, name) == 0)
			return true;
	return false;
}

static void test_vectors(void)
{
	size_t tested = 0, there = 0, i;

	vectors = vectors_load("identity.json");
	if (!vectors)
		return;
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		tested += run_list(i);

	json_object_object_foreach(vectors, key, value) {
		if (json_object_is_type(value, json_type_array))
			there += json_object_array_length(value);
		else
			CHECK_FMT(json_object_is_type(value, json_type_string),
				  "'%s' is of an unknown kind", key);
		CHECK_FMT(known_list(key) || strcmp(key, "generator") == 0 ||
			  strcmp(key, "set") == 0, "unknown list '%s'", key);
	}
	CHECK_FMT(tested == there, "%zu of %zu entries tested", tested, there);
	fprintf(stderr, "# %zu of %zu entries\n", tested, there);
	json_object_put(vectors);
}

static void test_bech32_lengths(void)
{
	uint8_t data[BECH32_DATA_MAX];
	struct bech32 parts;
	char word[BECH32_MAX + 8];
	size_t len;

	for (len = 0; len < sizeof(data); len++)
		data[len] = (uint8_t)(len * 37);

	for (len = 0; BECH32_SIZE(1, len) <= BECH32_MAX + 1; len++) {
		bech32_encode(word, "x", data, len);
		CHECK(strlen(word) + 1 == BECH32_SIZE(1, len));
		CHECK(bech32_decode(&parts, word) == BECH32_OK);
		CHECK(parts.len == len && memcmp(parts.data, data, len) == 0);
	}
	CHECK(len > 600);

	bech32_encode(word, "x", data, len);
	CHECK(bech32_decode(&parts, word) == BECH32_CHECKSUM);
}

static void test_bech32_malformed(void)
{
	static const char *const words[] = {
		"", "1", "1qqqqqq", "npub", "npub1b", "npub1qqqqqi", "np\x7fub1qqqqqq", "n\xc3\xa4pub1qqqqqq",
	};
	char *long_hrp = xcalloc(200, 1);
	struct bech32 parts;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		CHECK_FMT(bech32_decode(&parts, words[i]) == BECH32_MALFORMED, "%s", words[i]);
	CHECK(bech32_decode(&parts, "npub1qqqqq") == BECH32_CHECKSUM);

	memset(long_hrp, 'a', 120);
	strcpy(long_hrp + 120, "1qqqqqq");
	CHECK(bech32_decode(&parts, long_hrp) == BECH32_MALFORMED);
	free(long_hrp);
}

static void test_every_typo(void)
{
	const char *npub = "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d";
	char *word = xstrdup(npub);
	uint8_t key[32];
	size_t i;

	for (i = 5; word[i]; i++) {
		word[i] = npub[i] == 'q' ? 'p' : 'q';
		CHECK_FMT(npub_decode(key, word) == KEY_CHECKSUM, "%s", word);
		word[i] = npub[i];
	}
	free(word);
}

static void test_hex_keys(void)
{
	uint8_t key[32];

	CHECK(public_key_decode(key, "79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798")
	      == KEY_OK);
	CHECK(public_key_decode(key, "79be667e") == KEY_LENGTH);
	CHECK(public_key_decode(key, "") == KEY_MALFORMED);
	CHECK(public_key_decode(key, "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f8179g")
	      == KEY_MALFORMED);
	CHECK(public_key_decode(key, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")
	      == KEY_POINT);
	CHECK(public_key_decode(key, "nsec1typo") == KEY_SECRET);
	CHECK(public_key_decode(key, "NSEC1TYPO") == KEY_SECRET);
}

const struct test identity_tests[] = {
	{ "vectors", test_vectors },
	{ "bech32_lengths", test_bech32_lengths },
	{ "bech32_malformed", test_bech32_malformed },
	{ "every_typing_error_of_an_npub", test_every_typo },
	{ "hexadecimal_keys", test_hex_keys },
	{ 0 },
};
