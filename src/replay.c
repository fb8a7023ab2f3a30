// SPDX-License-Identifier: GPL-2.0
/*
 * Replay window of a receive key (spec 5.6).
 */
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "replay.h"

static unsigned int fmp_replay_bit(u64 counter)
{
	return counter % FMP_REPLAY_WINDOW;
}

/**
 * fmp_replay_check() - tell whether a counter could be accepted
 * @replay: window of the receive key
 * @counter: counter of a frame that is not authenticated yet
 *
 * Saves the cipher the work on an obvious replay. Without the lock of the
 * committer it is a hint: fmp_replay_commit() decides.
 *
 * Context: Any.
 * Return: false if the counter was seen, is too old, or is never sent.
 */
bool fmp_replay_check(const struct fmp_replay *replay, u64 counter)
{
	/* The window's bits are at least as new as what is read here. */
	u64 highest = smp_load_acquire(&replay->highest);

	/* Never sent (spec 6), and one above it there is nothing. */
	if (counter == U64_MAX)
		return false;
	if (counter > highest)
		return true;
	if (highest - counter >= FMP_REPLAY_WINDOW)
		return false;
	/* Any value will do for a hint, and the committer is alone. */
	return !data_race(test_bit(fmp_replay_bit(counter), replay->seen));
}

static void fmp_replay_advance(struct fmp_replay *replay, u64 counter)
{
	u64 moved = counter - replay->highest;
	unsigned int start, head;

	/* In order, as nearly all are: the bit is set by who moves the window. */
	if (likely(moved == 1)) {
		__clear_bit(fmp_replay_bit(counter), replay->seen);
	} else if (moved >= FMP_REPLAY_WINDOW) {
		bitmap_zero(replay->seen, FMP_REPLAY_WINDOW);
	} else {
		start = fmp_replay_bit(replay->highest + 1);
		head = min_t(u64, moved, FMP_REPLAY_WINDOW - start);
		bitmap_clear(replay->seen, start, head);
		bitmap_clear(replay->seen, 0, moved - head);
	}
	/* Who reads it finds the window moved. */
	smp_store_release(&replay->highest, counter);
}

/**
 * fmp_replay_commit() - accept the counter of an authentic frame, once
 * @replay: window of the receive key
 * @counter: counter of a frame that was authenticated under that key
 *
 * Checks again, since the window may have moved while the frame was being
 * decrypted, and accepts in the same step.
 *
 * Context: Any; commits to one window are serialized by the caller.
 * Return: false if the frame is a replay and must be dropped.
 */
bool fmp_replay_commit(struct fmp_replay *replay, u64 counter)
{
	if (!fmp_replay_check(replay, counter))
		return false;
	if (counter > replay->highest)
		fmp_replay_advance(replay, counter);
	__set_bit(fmp_replay_bit(counter), replay->seen);
	return true;
}
