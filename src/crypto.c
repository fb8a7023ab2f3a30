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
	struct poly1305_desc_ctx mac;
	u8 kept[CHACHA_BLOCK_SIZE];
	struct chacha_state state;

	memcpy(kept, block, sizeof(kept));
	memset(block, 0, CHACHA_BLOCK_SIZE);
	fmp_crypto_start(&state, counter, key);
	chacha20_crypt(&state, block, block, CHACHA_BLOCK_SIZE + inner_len);
	memzero_explicit(&state, sizeof(state));
	poly1305_init(&mac, block);
	memcpy(block, kept, sizeof(kept));

	fmp_crypto_tag(&mac, frame, inner_len,
		       frame + FMP_HDR_LEN + inner_len);
}

/**
 * fmp_open() - authenticate and decrypt a frame
 * @inner: where the plaintext goes: @inner_len bytes, behind the header of
 *         @frame, or elsewhere
 * @frame: header as received, ciphertext, tag; linear
 * @inner_len: bytes of plaintext, that is without header and tag
 * @counter: the counter in the header
 * @key: receive key
 *
 * A frame that is not authentic leaves @inner as it is.
 *
 * Context: Any; fastest where the FPU may be used.
 * Return: true if the frame is authentic and @inner holds its plaintext.
 */
bool fmp_open(u8 *inner, const u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key)
{
	size_t lead_len = min_t(size_t, inner_len, FMP_CRYPTO_LEAD_TEXT);
	const u8 *text = frame + FMP_HDR_LEN;
	u8 lead[FMP_CRYPTO_LEAD];
	struct poly1305_desc_ctx mac;
	struct chacha_state state;
	u8 tag[FMP_TAG_LEN];
	bool authentic;

	memset(lead, 0, CHACHA_BLOCK_SIZE);
	memcpy(lead + CHACHA_BLOCK_SIZE, text, lead_len);
	fmp_crypto_start(&state, counter, key);
	chacha20_crypt(&state, lead, lead, CHACHA_BLOCK_SIZE + lead_len);
	poly1305_init(&mac, lead);
	memzero_explicit(lead, CHACHA_BLOCK_SIZE);
	fmp_crypto_tag(&mac, frame, inner_len, tag);

	authentic = !crypto_memneq(tag, text + inner_len, sizeof(tag));
	if (likely(authentic)) {
		memcpy(inner, lead + CHACHA_BLOCK_SIZE, lead_len);
		if (inner_len > lead_len)
			chacha20_crypt(&state, inner + lead_len,
				       text + lead_len, inner_len - lead_len);
	}
	memzero_explicit(&state, sizeof(state));
	return authentic;
}
