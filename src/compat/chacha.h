/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.16 the state of ChaCha is an array. */
#ifndef FMP_COMPAT_CHACHA_H
#define FMP_COMPAT_CHACHA_H

#include <crypto/chacha.h>

#ifndef FMP_HAS_CHACHA_STATE
struct chacha_state {
	u32 x[CHACHA_STATE_WORDS];
};

static inline void fmp_compat_chacha_init_consts(struct chacha_state *state)
{
	chacha_init_consts(state->x);
}

static inline void fmp_compat_chacha20_crypt(struct chacha_state *state,
					     u8 *dst, const u8 *src,
					     unsigned int bytes)
{
	chacha20_crypt(state->x, dst, src, bytes);
}

#define chacha_init_consts	fmp_compat_chacha_init_consts
#define chacha20_crypt		fmp_compat_chacha20_crypt
#endif

#endif /* FMP_COMPAT_CHACHA_H */
