/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The spin bit (spec 9.9): it flips once in a round trip, so that who watches a
 * link can measure it.
 *
 * No state but its own and no clock: times are passed in, in whatever unit.
 */
#ifndef FMP_SPIN_H
#define FMP_SPIN_H

#include <linux/compiler.h>
#include <linux/types.h>

/* There was no round trip. */
#define FMP_SPIN_NONE	(-1LL)

/**
 * struct fmp_spin - the spin bit of a peer
 * @highest: highest counter that the responder has looked at
 * @edge: when the initiator flipped its bit last; of use if @any
 * @any: it did, in this session
 * @tx: what is sent; written by the one who receives, read by anyone
 *
 * All zeroes is the state of a new peer. Calls are serialized by the caller,
 * but for fmp_spin_tx().
 */
struct fmp_spin {
	u64 highest;
	u64 edge;
	bool any;
	bool tx;
};

/* The bit of a frame to be sent. */
static inline bool fmp_spin_tx(const struct fmp_spin *spin)
{
	return READ_ONCE(spin->tx);
}

s64 fmp_spin_received(struct fmp_spin *spin, bool initiator, u64 counter,
		      bool value, u64 now);
void fmp_spin_reset(struct fmp_spin *spin);

#endif /* FMP_SPIN_H */
