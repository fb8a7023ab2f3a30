/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_SYMMETRIC_H
#define FMP_SYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define SYMMETRIC_TAG_LEN 16

/*
 * What a handshake has agreed on so far.  In locked memory, the room for intermediate
 * values included, so that none of them is on the stack.
 */
struct symmetric {
	uint8_t ck[32];
	uint8_t k[32];
	uint8_t h[32];	/* of all that was sent; no key depends on it */

	uint8_t prk[32];
	crypto_auth_hmacsha256_state mac;
};

void symmetric_init(struct symmetric *sym);

void symmetric_mix_hash(struct symmetric *sym, const uint8_t *data, size_t len);
void symmetric_mix_key(struct symmetric *sym, const uint8_t secret[32]);

/* Once with each key.  out has SYMMETRIC_TAG_LEN bytes more than the plaintext. */
void symmetric_seal(struct symmetric *sym, uint8_t *out, const uint8_t *plain, size_t len);

/* len is that of the plaintext; false when it is not authentic. */
bool symmetric_open(struct symmetric *sym, uint8_t *out, const uint8_t *sealed, size_t len);

/* The keys of the session: of the initiator's frames and of the responder's. */
void symmetric_split(struct symmetric *sym, uint8_t first[32], uint8_t second[32]);

#endif /* FMP_SYMMETRIC_H */
