// SPDX-License-Identifier: GPL-2.0
#include "identity.h"

#include <string.h>

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <sodium.h>

#include "util.h"

#define ADDRESS_PREFIX 0xfd

_Static_assert(SECRET_SIZE == FMP_PUBLIC_KEY_SIZE, "one hex reader serves both");

const char *key_strerror(enum key_error err)
{
	switch (err) {
	case KEY_OK:
		return "no error";
	case KEY_MALFORMED:
		return "neither bech32 nor 64 hexadecimal digits";
	case KEY_CASE:
		return "upper and lower case are mixed";
	case KEY_CHECKSUM:
		return "wrong checksum, is there a typing error?";
	case KEY_HRP:
		return "another kind of bech32 key belongs here";
	case KEY_SECRET:
		return "this is a secret key, the public one (npub) belongs here";
	case KEY_LENGTH:
		return "wrong length, a key has 32 bytes";
	case KEY_POINT:
		return "not a public key: no such point on the curve";
	case KEY_RANGE:
		return "not a secret key: zero or not below the group order";
	}
	return "invalid";
}

static enum key_error from_bech32(enum bech32_error err)
{
	switch (err) {
	case BECH32_OK:
		return KEY_OK;
	case BECH32_MALFORMED:
		return KEY_MALFORMED;
	case BECH32_CASE:
		return KEY_CASE;
	case BECH32_CHECKSUM:
		return KEY_CHECKSUM;
	}
	return KEY_MALFORMED;
}

static enum key_error decode_typed(uint8_t key[32], const char *word, const char *hrp)
{
	struct bech32 parts;
	enum key_error err = from_bech32(bech32_decode(&parts, word));

	if (!err && strcmp(parts.hrp, hrp) != 0)
		err = KEY_HRP;
	if (!err && parts.len != 32)
		err = KEY_LENGTH;
	if (!err)
		memcpy(key, parts.data, 32);

	sodium_memzero(&parts, sizeof(parts));
	return err;
}

static enum key_error decode_hex(uint8_t key[32], const char *word)
{
	size_t i;

	for (i = 0; word[i]; i++)
		if (hex_digit(word[i]) < 0)
			return KEY_MALFORMED;
	if (i == 0)
		return KEY_MALFORMED;
	if (i != 64)
		return KEY_LENGTH;

	for (i = 0; i < 32; i++)
		key[i] = (uint8_t)(hex_digit(word[2 * i]) << 4 | hex_digit(word[2 * i + 1]));
	return KEY_OK;
}

static bool on_curve(const uint8_t key[FMP_PUBLIC_KEY_SIZE])
{
	secp256k1_xonly_pubkey point;

	return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &point, key);
}

enum key_error npub_decode(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word)
{
	enum key_error err = decode_typed(key, word, "npub");

	if (!err && !on_curve(key))
		return KEY_POINT;
	return err;
}

void npub_encode(char out[NPUB_SIZE], const uint8_t key[FMP_PUBLIC_KEY_SIZE])
{
	bech32_encode(out, "npub", key, FMP_PUBLIC_KEY_SIZE);
}

enum key_error public_key_decode(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word)
{
	enum key_error err;

	/* A secret with a typing error is still a secret: no look at its checksum. */
	if (strncasecmp(word, "nsec1", 5) == 0)
		return KEY_SECRET;
	if (strncasecmp(word, "npub1", 5) == 0)
		return npub_decode(key, word);

	err = decode_hex(key, word);
	if (err)
		return err;
	return on_curve(key) ? KEY_OK : KEY_POINT;
}

enum key_error secret_decode(uint8_t secret[SECRET_SIZE], const char *word)
{
	enum key_error err;

	if (strncmp(word, "npub1", 5) == 0)
		return KEY_HRP;

	if (strncmp(word, "nsec1", 5) == 0)
		err = decode_typed(secret, word, "nsec");
	else
		err = decode_hex(secret, word);
	if (err)
		return err;

	return secret_valid(secret) ? KEY_OK : KEY_RANGE;
}

void nsec_encode(char out[NSEC_SIZE], const uint8_t secret[SECRET_SIZE])
{
	bech32_encode(out, "nsec", secret, SECRET_SIZE);
}

bool secret_valid(const uint8_t secret[SECRET_SIZE])
{
	return secp256k1_ec_seckey_verify(secp256k1_context_static, secret);
}

/* Blinded, so that the time taken tells nothing about the secret. */
static secp256k1_context *signing_context(void)
{
	secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	uint8_t seed[32];

	randombytes_buf(seed, sizeof(seed));
	if (!secp256k1_context_randomize(ctx, seed)) {
		secp256k1_context_destroy(ctx);
		ctx = NULL;
	}
	sodium_memzero(seed, sizeof(seed));
	return ctx;
}

enum key_error public_from_secret(uint8_t out[COMPRESSED_SIZE],
				  const uint8_t secret[SECRET_SIZE])
{
	secp256k1_context *ctx = signing_context();
	secp256k1_pubkey point;
	size_t len = COMPRESSED_SIZE;

	if (!ctx)
		return KEY_RANGE;
	if (!secp256k1_ec_pubkey_create(ctx, &point, secret)) {
		secp256k1_context_destroy(ctx);
		return KEY_RANGE;
	}
	secp256k1_ec_pubkey_serialize(ctx, out, &len, &point, SECP256K1_EC_COMPRESSED);
	secp256k1_context_destroy(ctx);
	return KEY_OK;
}

void node_addr_of(uint8_t out[FMP_NODE_ADDR_SIZE], const uint8_t key[FMP_PUBLIC_KEY_SIZE])
{
	uint8_t digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, key, FMP_PUBLIC_KEY_SIZE);
	memcpy(out, digest, FMP_NODE_ADDR_SIZE);
}

int node_addr_compare(const uint8_t a[FMP_NODE_ADDR_SIZE], const uint8_t b[FMP_NODE_ADDR_SIZE])
{
	return memcmp(a, b, FMP_NODE_ADDR_SIZE);
}

struct in6_addr address_of_node(const uint8_t node_addr[FMP_NODE_ADDR_SIZE])
{
	struct in6_addr address;

	address.s6_addr[0] = ADDRESS_PREFIX;
	memcpy(address.s6_addr + 1, node_addr, sizeof(address.s6_addr) - 1);
	return address;
}

struct in6_addr address_of_key(const uint8_t key[FMP_PUBLIC_KEY_SIZE])
{
	uint8_t node_addr[FMP_NODE_ADDR_SIZE];

	node_addr_of(node_addr, key);
	return address_of_node(node_addr);
}
