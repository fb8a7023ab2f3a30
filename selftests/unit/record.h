/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_RECORD_H
#define FMP_RECORD_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a handshake computes on the way, as seen at the functions that compute it: the
 * linker puts ours around them.
 */

enum step_kind {
	STEP_INIT,
	STEP_HASH,
	STEP_KEY,
	STEP_SEALED,	/* sealed or opened */
	STEP_SPLIT,
};

struct step {
	enum step_kind kind;
	uint8_t ck_before[32];
	uint8_t ck[32];
	uint8_t k[32];
	uint8_t h[32];
	uint8_t dh[32];
	uint8_t dh_x[32];	/* zero when no multiplication had dh as its result */
	uint8_t data[64];	/* what was hashed, or the plaintext */
	size_t data_len;
	uint8_t sealed[64];
	size_t sealed_len;
	uint8_t nonce[12];
	size_t ad_len;
	uint8_t first[32];
	uint8_t second[32];
};

struct record {
	struct step steps[16];
	size_t count;
	size_t multiplications;
};

/* From now on, until record_stop(). */
void record_start(struct record *record);
void record_stop(void);

/* Locked memory that has not been freed, and the size of the newest. */
extern size_t secrets_live;
extern size_t secret_size;

#endif /* FMP_RECORD_H */
