/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of established frames (spec 2.2).
 */
#ifndef FMP_CRYPTO_H
#define FMP_CRYPTO_H

#include <linux/types.h>

#define FMP_KEY_LEN		32U
/* What fmp_seal() borrows ahead of the frame, and fmp_open() looks at. */
#define FMP_SEAL_HEADROOM	48U
#define FMP_OPEN_HEADROOM	FMP_SEAL_HEADROOM

/**
 * struct fmp_key - key of one direction of a session
 * @bytes: ChaCha20-Poly1305 key
 *
 * A type of its own, so that neither is taken for other bytes.
 */
struct fmp_key {
	u8 bytes[FMP_KEY_LEN];
};

void fmp_seal(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key);
bool fmp_open(u8 *frame, size_t inner_len, u64 counter,
	      const struct fmp_key *key);
bool fmp_open_into(u8 *inner, const u8 *frame, size_t inner_len, u64 counter,
		   const struct fmp_key *key);

#endif /* FMP_CRYPTO_H */
