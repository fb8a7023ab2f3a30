/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a new session is asked for, and how often (spec 8.1, 8.9 RULE 3).
 *
 * No state but its own and no clock: times are in milliseconds and are passed
 * in, so that every limit can be tested exactly.
 */
#ifndef FMP_REKEY_H
#define FMP_REKEY_H

#include <linux/bits.h>
#include <linux/types.h>

/* Later than any peer that rekeys by itself, whose limit is 105..135 s. */
#define FMP_REKEY_AGE_MS	140000U
#define FMP_REKEY_JITTER_MS	15000U
/* Frames sent with one session. */
#define FMP_REKEY_FRAMES	BIT_ULL(48)
/* Between requests that nobody follows. */
#define FMP_REKEY_AGAIN_MS	30000U
#define FMP_REKEY_AGAIN_MAX_MS	600000U

/* Packets wait: a second at first, a minute in the end. */
#define FMP_WANTED_AGAIN_MS	1000U
#define FMP_WANTED_AGAIN_MAX_MS	60000U

/**
 * struct fmp_backoff - something that is done at ever longer intervals
 * @next: when it may be done again
 * @delay: the last interval, 0 before one
 *
 * All zeroes is the start.
 */
struct fmp_backoff {
	u64 next;
	u32 delay;
};

/**
 * struct fmp_rekey - the end of the current session's time
 * @due: when to look at it again
 * @backoff: of the requests
 * @used: how much it had been used at the last request
 */
struct fmp_rekey {
	u64 due;
	struct fmp_backoff backoff;
	u64 used;
};

/**
 * struct fmp_rekey_facts - what is known of the current session
 * @now: time
 * @sent: frames sent with it
 * @used: changes with every frame sent or received, and is 0 before one
 * @pending: another session is waiting for its cutover
 */
struct fmp_rekey_facts {
	u64 now;
	u64 sent;
	u64 used;
	bool pending;
};

bool fmp_backoff_due(struct fmp_backoff *backoff, u64 now, u32 first, u32 max);
void fmp_rekey_start(struct fmp_rekey *rekey, u64 now, u32 jitter);
bool fmp_rekey_is_spent(u64 sent);
bool fmp_rekey_due(struct fmp_rekey *rekey,
		   const struct fmp_rekey_facts *facts);

#endif /* FMP_REKEY_H */
