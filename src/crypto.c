// SPDX-License-Identifier: GPL-2.0
/*
 * The AEAD of established frames (spec 2.2): ChaCha20-Poly1305 of RFC 8439,
 * whose nonce is four zero bytes and the counter, little-endian.
 *
 * The kernel's library has this construction as well. It makes the one-time
 * key of Poly1305 with a call of its own, which is too short for vectors and
 * takes a sixth of what a full frame takes, and half of what a short one does.
 * Here the key is the first block of the same run of the library's ChaCha20
 * that encrypts the frame.
 */
#include <crypto/chacha.h>
#include <crypto/poly1305.h>
#include <crypto/utils.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "crypto.h"
#include "wire.h"

/* As many blocks as the widest vectors of the library take in one go. */
#define FMP_CRYPTO_LEAD		(8 * CHACHA_BLOCK_SIZE)
#define FMP_CRYPTO_LEAD_TEXT	(FMP_CRYPTO_LEAD - CHACHA_BLOCK_SIZE)

static_assert(FMP_KEY_LEN == CHACHA_KEY_SIZE);
static_assert(FMP_TAG_LEN == POLY1305_DIGEST_SIZE);
static_assert(FMP_HDR_LEN == POLY1305_BLOCK_SIZE);
static_assert(FMP_SEAL_HEADROOM + FMP_HDR_LEN == CHACHA_BLOCK_SIZE);

static void fmp_crypto_start(struct chacha_state *state, u64 counter,
			     const struct fmp_key *key)
{
	int i;

	chacha_init_consts(state);
	for (i = 0; i < CHACHA_KEY_SIZE / sizeof(u32); i++)
		state->x[4 + i] = get_unaligned_le32(key->bytes + 4 * i);
	state->x[12] = 0;
	state->x[13] = 0;
	state->x[14] = lower_32_bits(counter);
	state->x[15] = upper_32_bits(counter);
}

/* The header is a block of Poly1305: no zeroes come between it and the ciphertext. */
static void fmp_crypto_tag(struct poly1305_desc_ctx *mac, const u8 *frame,
			   size_t inner_len, u8 *tag)
{
	const struct {
		u8 zeroes[POLY1305_BLOCK_SIZE];
		__le64 aad_len;
		__le64 inner_len;
	} end = {
		.aad_len = cpu_to_le64(FMP_HDR_LEN),
		.inner_len = cpu_to_le64(inner_len),
	};
	unsigned int pad = -inner_len % POLY1305_BLOCK_SIZE;

	poly1305_update(mac, frame, FMP_HDR_LEN + inner_len);
	poly1305_update(mac, (const u8 *)&end.aad_len - pad,
			pad + sizeof(end) - sizeof(end.zeroes));
	poly1305_final(mac, tag);
}

/* The first block of the key stream is what the run made of what was there. */
static void fmp_crypto_init_mac(struct poly1305_desc_ctx *mac, u8 *made,
				const u8 *from)
{
	crypto_xor(made, from, POLY1305_KEY_SIZE);
	poly1305_init(mac, made);
	memzero_explicit(made, POLY1305_KEY_SIZE);
}

/*
 * Encrypts or decrypts @len bytes that follow a block, from @from to @to, which
 * may be the same place. Both blocks are what they were afterwards.
 */
static void fmp_crypto_run(struct poly1305_desc_ctx *mac, u8 *to,
			   const u8 *from, size_t len, u64 counter,
			   const struct fmp_key *key)
{
	u8 kept[CHACHA_BLOCK_SIZE] __uninitialized;
	struct chacha_state state __uninitialized;

	memcpy(kept, to, sizeof(kept));
	fmp_crypto_start(&state, counter, key);
	chacha20_crypt(&state, to, from, CHACHA_BLOCK_SIZE + len);
	memzero_explicit(&state, sizeof(state));
	fmp_crypto_init_mac(mac, to, to == from ? kept : from);
	memcpy(to, kept, sizeof(kept));
}

/**
 * fmp_seal() - encrypt and authenticate a frame in place
 * @frame: header, @inner_len bytes of plaintext, room for the tag; linear, and
 *         behind FMP_SEAL_HEADROOM bytes of the caller's, which keep what is
 *         in them but are written to
 * @inner_len: bytes of plaintext
 * @counter: the counter in the header, used once with @key
 * @key: send key
 *
 * Context: Any; fastest where the FPU may be used.
 */
void fmp_seal(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key)
{
	u8 *block = frame - FMP_SEAL_HEADROOM;
	struct poly1305_desc_ctx mac __uninitialized;

	fmp_crypto_run(&mac, block, block, inner_len, counter, key);
	fmp_crypto_tag(&mac, frame, inner_len,
		       frame + FMP_HDR_LEN + inner_len);
}

static bool fmp_crypto_is_tag(struct poly1305_desc_ctx *mac, const u8 *frame,
			      size_t inner_len)
{
	u8 tag[FMP_TAG_LEN] __uninitialized;

	fmp_crypto_tag(mac, frame, inner_len, tag);
	return !crypto_memneq(tag, frame + FMP_HDR_LEN + inner_len,
			      sizeof(tag));
}

/**
 * fmp_open() - authenticate and decrypt a frame in place
 * @frame: header as received, ciphertext, tag; linear and writable, and behind
 *         FMP_OPEN_HEADROOM bytes that can be read
 * @inner_len: bytes of plaintext, that is without header and tag
 * @counter: the counter in the header
 * @key: receive key
 *
 * A frame that is not authentic stays as it is.
 *
 * Context: Any; fastest where the FPU may be used.
 * Return: true if the frame is authentic and now holds its plaintext.
 */
bool fmp_open(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key)
{
	size_t lead_len = min_t(size_t, inner_len, FMP_CRYPTO_LEAD_TEXT);
	const u8 *block = frame - FMP_OPEN_HEADROOM;
	u8 *inner = frame + FMP_HDR_LEN;
	struct poly1305_desc_ctx mac __uninitialized;
	struct chacha_state state __uninitialized;
	u8 lead[FMP_CRYPTO_LEAD] __uninitialized;
	bool authentic;

	/* Nothing may be decrypted before it is authentic; the stack holds it. */
	fmp_crypto_start(&state, counter, key);
	chacha20_crypt(&state, lead, block, CHACHA_BLOCK_SIZE + lead_len);
	fmp_crypto_init_mac(&mac, lead, block);
	authentic = fmp_crypto_is_tag(&mac, frame, inner_len);
	if (likely(authentic)) {
		memcpy(inner, lead + CHACHA_BLOCK_SIZE, lead_len);
		if (inner_len > lead_len)
			chacha20_crypt(&state, inner + lead_len,
				       inner + lead_len, inner_len - lead_len);
	}
	memzero_explicit(&state, sizeof(state));
	return authentic;
}

/**
 * fmp_open_into() - authenticate a frame and decrypt it to another place
 * @inner: room for @inner_len bytes, behind as many as a header and
 *         FMP_OPEN_HEADROOM are, which keep what is in them but are written to
 * @frame: as for fmp_open(), but it stays as it is
 * @inner_len: bytes of plaintext
 * @counter: the counter in the header
 * @key: receive key
 *
 * What is in @inner is of no meaning if the frame is not authentic.
 *
 * Context: Any; fastest where the FPU may be used.
 * Return: true if the frame is authentic and @inner holds its plaintext.
 */
bool fmp_open_into(u8 *inner, const u8 *frame, size_t inner_len, u64 counter,
		   const struct fmp_key *key)
{
	struct poly1305_desc_ctx mac __uninitialized;

	fmp_crypto_run(&mac, inner - CHACHA_BLOCK_SIZE,
		       frame - FMP_OPEN_HEADROOM, inner_len, counter, key);
	return fmp_crypto_is_tag(&mac, frame, inner_len);
}
