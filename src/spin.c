// SPDX-License-Identifier: GPL-2.0
/*
 * The spin bit (spec 9.9).
 */
#include <linux/compiler.h>
#include <linux/types.h>

#include "spin.h"

/* Its own value came back: the round trip is over, and the next one begins. */
static s64 fmp_spin_initiator(struct fmp_spin *spin, bool value, u64 now)
{
	s64 rtt = FMP_SPIN_NONE;

	if (value != spin->tx)
		return FMP_SPIN_NONE;
	if (spin->any)
		rtt = now > spin->edge ? now - spin->edge : 0;
	spin->edge = now;
	spin->any = true;
	WRITE_ONCE(spin->tx, !value);
	return rtt;
}

static void fmp_spin_responder(struct fmp_spin *spin, u64 counter, bool value)
{
	/* A frame that was overtaken would flip the bit back. */
	if (counter <= spin->highest)
		return;
	spin->highest = counter;
	/* The line is that of everyone who sends. */
	if (spin->tx != value)
		WRITE_ONCE(spin->tx, value);
}

/**
 * fmp_spin_received() - look at the spin bit of an authentic frame
 * @spin: of the peer
 * @initiator: we initiated the session's handshake
 * @counter: of the frame, of the current session
 * @value: the bit
 * @now: time
 *
 * Frames of a previous session must not come here.
 *
 * Context: Any; calls are serialized by the caller.
 * Return: What a round trip took that is over, at the initiator, in the unit of
 * @now, or FMP_SPIN_NONE.
 */
s64 fmp_spin_received(struct fmp_spin *spin, bool initiator, u64 counter,
		      bool value, u64 now)
{
	if (initiator)
		return fmp_spin_initiator(spin, value, now);
	fmp_spin_responder(spin, counter, value);
	return FMP_SPIN_NONE;
}

/**
 * fmp_spin_reset() - another session became current
 * @spin: of the peer
 *
 * Its counters begin anew, and either end may have initiated it: what the
 * responder looked at and when the initiator flipped its bit say nothing more.
 * The bit itself goes on.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_spin_reset(struct fmp_spin *spin)
{
	spin->highest = 0;
	spin->any = false;
}
