// SPDX-License-Identifier: GPL-2.0
/*
 * When a new session is asked for, and how often (spec 8.1, 8.9 RULE 3).
 */
#include <linux/minmax.h>
#include <linux/types.h>

#include "rekey.h"

/**
 * fmp_backoff_due() - tell whether the time for something has come
 * @backoff: its intervals
 * @now: time
 * @first: interval after the first time
 * @max: longest interval
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if it is to be done now, and then not before the interval is
 * over, which is twice as long as the one before.
 */
bool fmp_backoff_due(struct fmp_backoff *backoff, u64 now, u32 first, u32 max)
{
	if (now < backoff->next)
		return false;
	backoff->delay = backoff->delay ? min_t(u32, 2 * backoff->delay, max) :
					  first;
	backoff->next = now + backoff->delay;
	return true;
}

/**
 * fmp_rekey_start() - begin the time of a session
 * @rekey: of the session
 * @now: when it became current
 * @jitter: at most FMP_REKEY_JITTER_MS, random: both ends have started together
 *
 * Context: Any.
 */
void fmp_rekey_start(struct fmp_rekey *rekey, u64 now, u32 jitter)
{
	rekey->used = 0;
	rekey->backoff = (struct fmp_backoff){};
	WRITE_ONCE(rekey->due, now + FMP_REKEY_AGE_MS + jitter);
}

/**
 * fmp_rekey_is_spent() - tell whether a session has sent enough
 * @sent: frames sent with it
 *
 * Context: Any.
 * Return: true if it was enough.
 */
bool fmp_rekey_is_spent(u64 sent)
{
	return sent >= FMP_REKEY_FRAMES;
}

/**
 * fmp_rekey_due() - tell whether to ask for a successor of a session now
 * @rekey: of the session
 * @facts: what is known
 *
 * Nobody needs a successor of a session that is not used.
 *
 * Context: Any; calls are serialized by the caller.
 * Return: true if it is to be asked for. It is worth looking again when
 * @rekey->due has come.
 */
bool fmp_rekey_due(struct fmp_rekey *rekey,
		   const struct fmp_rekey_facts *facts)
{
	/* Frames run out before time does, if ever, once. */
	if (facts->now < rekey->due &&
	    (rekey->backoff.delay || !fmp_rekey_is_spent(facts->sent)))
		return false;

	if (facts->pending || facts->used == rekey->used) {
		WRITE_ONCE(rekey->due, facts->now + FMP_REKEY_AGAIN_MS);
		return false;
	}
	rekey->used = facts->used;
	fmp_backoff_due(&rekey->backoff, facts->now, FMP_REKEY_AGAIN_MS,
			FMP_REKEY_AGAIN_MAX_MS);
	WRITE_ONCE(rekey->due, rekey->backoff.next);
	return true;
}
