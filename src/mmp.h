/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Link metrics (spec 9): where the packet paths tell what they see.
 *
 * Nothing is measured yet.
 */
#ifndef FMP_MMP_H
#define FMP_MMP_H

#include <linux/types.h>

struct fmp_session;

/**
 * fmp_mmp_received() - a frame of a current session was authentic
 * @session: the session
 * @counter: counter of the frame
 * @timestamp: inner timestamp, milliseconds of the sender's clock
 * @len: bytes of the frame, header and tag included
 * @ce: the frame carried the congestion mark
 *
 * Context: RCU read section, bottom halves disabled; one context at a time for
 * a session.
 */
static inline void fmp_mmp_received(struct fmp_session *session, u64 counter,
				    u32 timestamp, unsigned int len, bool ce)
{
}

/**
 * fmp_mmp_spin() - look at the spin bit of the same frame
 * @session: the session
 * @counter: counter of the frame
 * @spin: the bit
 *
 * Context: As of fmp_mmp_received(), which comes before.
 */
static inline void fmp_mmp_spin(struct fmp_session *session, u64 counter,
				bool spin)
{
}

#endif /* FMP_MMP_H */
