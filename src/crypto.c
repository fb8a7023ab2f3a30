// SPDX-License-Identifier: GPL-2.0
/*
 * The AEAD of established frames (spec 2.2).
 *
 * The kernel's library cipher takes a 64-bit nonce that it pads with four
 * leading zero bytes and writes little-endian: exactly the nonce of FMP.
 */
#include <crypto/chacha20poly1305.h>

#include "crypto.h"
#include "wire.h"

static_assert(FMP_KEY_LEN == CHACHA20POLY1305_KEY_SIZE);
static_assert(FMP_TAG_LEN == CHACHA20POLY1305_AUTHTAG_SIZE);

/**
 * fmp_seal() - encrypt and authenticate a frame in place
 * @frame: header, @inner_len bytes of plaintext, room for the tag; linear
 * @inner_len: bytes of plaintext
 * @counter: the counter in the header, used once with @key
 * @key: send key
 *
 * Context: Any; fastest where the FPU may be used.
 */
void fmp_seal(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key)
{
	u8 *inner = frame + FMP_HDR_LEN;

	chacha20poly1305_encrypt(inner, inner, inner_len, frame, FMP_HDR_LEN,
				 counter, key->bytes);
}

/**
 * fmp_open() - authenticate and decrypt a frame in place
 * @frame: header as received, ciphertext, tag; linear and writable
 * @inner_len: bytes of plaintext, that is without header and tag
 * @counter: the counter in the header
 * @key: receive key
 *
 * On failure the plaintext area is not meaningful and must not be read.
 *
 * Context: Any; fastest where the FPU may be used.
 * Return: true if the frame is authentic and now holds its plaintext.
 */
bool fmp_open(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key)
{
	u8 *inner = frame + FMP_HDR_LEN;

	return chacha20poly1305_decrypt(inner, inner, inner_len + FMP_TAG_LEN,
					frame, FMP_HDR_LEN, counter,
					key->bytes);
}
