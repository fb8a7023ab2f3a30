// SPDX-License-Identifier: GPL-2.0
#include "symmetric.h"

#include <string.h>

#define PROTOCOL "Noise_IK_secp256k1_ChaChaPoly_SHA256"

_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == SYMMETRIC_TAG_LEN, "tags");

/* Each key seals one field. */
static const uint8_t nonce_zero[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void symmetric_init(struct symmetric *sym)
{
	/* The name is longer than a hash, so it is hashed.  There is no prologue. */
	crypto_hash_sha256(sym->h, (const uint8_t *)PROTOCOL, strlen(PROTOCOL));
	memcpy(sym->ck, sym->h, sizeof(sym->ck));
}

void symmetric_mix_hash(struct symmetric *sym, const uint8_t *data, size_t len)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, sym->h, sizeof(sym->h));
	crypto_hash_sha256_update(&state, data, len);
	crypto_hash_sha256_final(&state, sym->h);
}

/* HKDF with two outputs and no info; first may be the salt. */
static void derive(struct symmetric *sym, uint8_t first[32], uint8_t second[32],
		   const uint8_t salt[32], const uint8_t *secret, size_t len)
{
	static const uint8_t one = 1, two = 2;

	crypto_auth_hmacsha256_init(&sym->mac, salt, 32);
	crypto_auth_hmacsha256_update(&sym->mac, secret, len);
	crypto_auth_hmacsha256_final(&sym->mac, sym->prk);

	crypto_auth_hmacsha256_init(&sym->mac, sym->prk, sizeof(sym->prk));
	crypto_auth_hmacsha256_update(&sym->mac, &one, 1);
	crypto_auth_hmacsha256_final(&sym->mac, first);

	crypto_auth_hmacsha256_init(&sym->mac, sym->prk, sizeof(sym->prk));
	crypto_auth_hmacsha256_update(&sym->mac, first, 32);
	crypto_auth_hmacsha256_update(&sym->mac, &two, 1);
	crypto_auth_hmacsha256_final(&sym->mac, second);
}

void symmetric_mix_key(struct symmetric *sym, const uint8_t secret[32])
{
	derive(sym, sym->ck, sym->k, sym->ck, secret, 32);
}

void symmetric_seal(struct symmetric *sym, uint8_t *out, const uint8_t *plain, size_t len)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain, len, NULL, 0, NULL,
						  nonce_zero, sym->k);
	symmetric_mix_hash(sym, out, len + SYMMETRIC_TAG_LEN);
}

bool symmetric_open(struct symmetric *sym, uint8_t *out, const uint8_t *sealed, size_t len)
{
	size_t sealed_len = len + SYMMETRIC_TAG_LEN;

	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, sealed_len, NULL, 0,
						      nonce_zero, sym->k))
		return false;
	symmetric_mix_hash(sym, sealed, sealed_len);
	return true;
}

void symmetric_split(struct symmetric *sym, uint8_t first[32], uint8_t second[32])
{
	derive(sym, first, second, sym->ck, NULL, 0);
}
