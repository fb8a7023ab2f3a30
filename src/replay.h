/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replay window of a receive key (spec 5.6).
 */
#ifndef FMP_REPLAY_H
#define FMP_REPLAY_H

#include <linux/bitmap.h>
#include <linux/types.h>

#define FMP_REPLAY_WINDOW	2048U

/**
 * struct fmp_replay - which counters of one receive key were accepted
 * @highest: highest accepted counter; 0 also while there is none
 * @seen: bit (counter % FMP_REPLAY_WINDOW) for each counter of the window
 *
 * A ring instead of a shifted map: accepting costs the distance moved, not
 * the size of the window. All zeroes is the state of a new key. There is one
 * window per receive key; its commits are serialized by the caller.
 */
struct fmp_replay {
	u64 highest;
	DECLARE_BITMAP(seen, FMP_REPLAY_WINDOW);
};

/* Counter 0 leaves the highest at 0, and no other does. */
static inline bool fmp_replay_any(const struct fmp_replay *replay)
{
	return READ_ONCE(replay->highest) || test_bit(0, replay->seen);
}

bool fmp_replay_check(const struct fmp_replay *replay, u64 counter);
bool fmp_replay_commit(struct fmp_replay *replay, u64 counter);

#endif /* FMP_REPLAY_H */
