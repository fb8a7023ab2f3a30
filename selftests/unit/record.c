// SPDX-License-Identifier: GPL-2.0
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <sodium.h>

#include "harness.h"
#include "symmetric.h"
#include "util.h"

void __real_symmetric_init(struct symmetric *sym);
void __real_symmetric_mix_hash(struct symmetric *sym, const uint8_t *data, size_t len);
void __real_symmetric_mix_key(struct symmetric *sym, const uint8_t *secret);
void __real_symmetric_seal(struct symmetric *sym, uint8_t *out, const uint8_t *plain, size_t len);
bool __real_symmetric_open(struct symmetric *sym, uint8_t *out, const uint8_t *sealed, size_t len);
void __real_symmetric_split(struct symmetric *sym, uint8_t *first, uint8_t *second);
int __real_secp256k1_ecdh(const secp256k1_context *ctx, unsigned char *out,
			  const secp256k1_pubkey *point, const unsigned char *secret,
			  secp256k1_ecdh_hash_function hash, void *arg);
int __real_crypto_aead_chacha20poly1305_ietf_encrypt(
	unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
	const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
	const unsigned char *npub, const unsigned char *k);
int __real_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k);
void *__real_secret_alloc(size_t size);
void __real_secret_free(void *secret);

void __wrap_symmetric_init(struct symmetric *sym);
void __wrap_symmetric_mix_hash(struct symmetric *sym, const uint8_t *data, size_t len);
void __wrap_symmetric_mix_key(struct symmetric *sym, const uint8_t *secret);
void __wrap_symmetric_seal(struct symmetric *sym, uint8_t *out, const uint8_t *plain, size_t len);
bool __wrap_symmetric_open(struct symmetric *sym, uint8_t *out, const uint8_t *sealed, size_t len);
void __wrap_symmetric_split(struct symmetric *sym, uint8_t *first, uint8_t *second);
int __wrap_secp256k1_ecdh(const secp256k1_context *ctx, unsigned char *out,
			  const secp256k1_pubkey *point, const unsigned char *secret,
			  secp256k1_ecdh_hash_function hash, void *arg);
int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt(
	unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
	const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
	const unsigned char *npub, const unsigned char *k);
int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k);
void *__wrap_secret_alloc(size_t size);
void __wrap_secret_free(void *secret);

size_t secrets_live;
size_t secret_size;

static struct record *current;

/* Of the last AEAD call. */
static uint8_t last_nonce[12];
static size_t last_ad_len;

/* Products of multiplications, to find x of one that is used again. */
static struct product {
	uint8_t x[32];
	uint8_t hash[32];
} products[16];
static size_t product_count;

void record_start(struct record *record)
{
	memset(record, 0, sizeof(*record));
	product_count = 0;
	current = record;
}

void record_stop(void)
{
	current = NULL;
}

static struct step *next_step(enum step_kind kind)
{
	static struct step unrecorded;
	struct step *step = &unrecorded;

	if (current && CHECK(current->count < ARRAY_SIZE(current->steps)))
		step = &current->steps[current->count++];
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	return step;
}

static void take_state(struct step *step, const struct symmetric *sym)
{
	memcpy(step->ck, sym->ck, sizeof(step->ck));
	memcpy(step->k, sym->k, sizeof(step->k));
	memcpy(step->h, sym->h, sizeof(step->h));
}

static size_t take_data(uint8_t room[64], const uint8_t *data, size_t len)
{
	if (!CHECK(len <= 64))
		return 0;
	memcpy(room, data, len);
	return len;
}

static void take_sealed(struct step *step, const uint8_t *plain, const uint8_t *sealed, size_t len)
{
	step->data_len = take_data(step->data, plain, len);
	step->sealed_len = take_data(step->sealed, sealed, len + SYMMETRIC_TAG_LEN);
	step->ad_len = last_ad_len;
	memcpy(step->nonce, last_nonce, sizeof(step->nonce));
}

void __wrap_symmetric_init(struct symmetric *sym)
{
	__real_symmetric_init(sym);
	take_state(next_step(STEP_INIT), sym);
}

void __wrap_symmetric_mix_hash(struct symmetric *sym, const uint8_t *data, size_t len)
{
	struct step *step = next_step(STEP_HASH);

	step->data_len = take_data(step->data, data, len);
	__real_symmetric_mix_hash(sym, data, len);
	take_state(step, sym);
}

void __wrap_symmetric_mix_key(struct symmetric *sym, const uint8_t *secret)
{
	struct step *step = next_step(STEP_KEY);
	size_t i;

	memcpy(step->ck_before, sym->ck, sizeof(step->ck_before));
	memcpy(step->dh, secret, sizeof(step->dh));
	for (i = 0; i < product_count; i++)
		if (memcmp(products[i].hash, secret, sizeof(products[i].hash)) == 0)
			memcpy(step->dh_x, products[i].x, sizeof(step->dh_x));
	__real_symmetric_mix_key(sym, secret);
	take_state(step, sym);
}

void __wrap_symmetric_seal(struct symmetric *sym, uint8_t *out, const uint8_t *plain, size_t len)
{
	struct step *step = next_step(STEP_SEALED);

	__real_symmetric_seal(sym, out, plain, len);
	take_sealed(step, plain, out, len);
	take_state(step, sym);
}

bool __wrap_symmetric_open(struct symmetric *sym, uint8_t *out, const uint8_t *sealed, size_t len)
{
	struct step *step = next_step(STEP_SEALED);
	bool authentic = __real_symmetric_open(sym, out, sealed, len);

	take_sealed(step, out, sealed, len);
	take_state(step, sym);
	return authentic;
}

void __wrap_symmetric_split(struct symmetric *sym, uint8_t *first, uint8_t *second)
{
	struct step *step = next_step(STEP_SPLIT);

	memcpy(step->ck_before, sym->ck, sizeof(step->ck_before));
	__real_symmetric_split(sym, first, second);
	memcpy(step->first, first, sizeof(step->first));
	memcpy(step->second, second, sizeof(step->second));
}

struct hashing {
	secp256k1_ecdh_hash_function hash;
	void *arg;
};

static int hash_product(unsigned char *out, const unsigned char *x, const unsigned char *y,
			void *arg)
{
	struct hashing *hashing = arg;
	struct product *product = &products[product_count];
	int done = hashing->hash(out, x, y, hashing->arg);

	if (current && CHECK(product_count < ARRAY_SIZE(products))) {
		memcpy(product->x, x, sizeof(product->x));
		memcpy(product->hash, out, sizeof(product->hash));
		product_count++;
		current->multiplications++;
	}
	return done;
}

int __wrap_secp256k1_ecdh(const secp256k1_context *ctx, unsigned char *out,
			  const secp256k1_pubkey *point, const unsigned char *secret,
			  secp256k1_ecdh_hash_function hash, void *arg)
{
	struct hashing hashing = {
		.hash = hash ? hash : secp256k1_ecdh_hash_function_default, .arg = arg,
	};

	return __real_secp256k1_ecdh(ctx, out, point, secret, hash_product, &hashing);
}

int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt(
	unsigned char *c, unsigned long long *clen, const unsigned char *m, unsigned long long mlen,
	const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec,
	const unsigned char *npub, const unsigned char *k)
{
	last_ad_len = adlen;
	memcpy(last_nonce, npub, sizeof(last_nonce));
	return __real_crypto_aead_chacha20poly1305_ietf_encrypt(c, clen, m, mlen, ad, adlen, nsec,
								npub, k);
}

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k)
{
	last_ad_len = adlen;
	memcpy(last_nonce, npub, sizeof(last_nonce));
	return __real_crypto_aead_chacha20poly1305_ietf_decrypt(m, mlen, nsec, c, clen, ad, adlen,
								npub, k);
}

void *__wrap_secret_alloc(size_t size)
{
	secrets_live++;
	secret_size = size;
	return __real_secret_alloc(size);
}

void __wrap_secret_free(void *secret)
{
	secrets_live -= secret != NULL;
	__real_secret_free(secret);
}
