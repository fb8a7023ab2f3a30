/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a peer is sent a heartbeat, and what its silence means (spec 10).
 *
 * No state but its own and no clock: times are in milliseconds and are passed
 * in, so that every limit can be tested exactly.
 */
#ifndef FMP_HEARTBEAT_H
#define FMP_HEARTBEAT_H

#include <linux/types.h>

#include "rekey.h"

/* Seconds between heartbeats, unless others are set. */
#define FMP_HEARTBEAT_DEFAULT		10U
/* Nothing authentic for so long is silence. */
#define FMP_HEARTBEAT_SILENCE_MS	30000U
/* Seconds of silence after which a peer is down, unless others are set. */
#define FMP_DEAD_TIMEOUT_DEFAULT	30U
/* What holds the judgement up comes to an end without telling ... */
#define FMP_DEAD_AGAIN_MS		1000U
/* ... and has an end: an agent gives a rekey 36 s, and needs a moment. */
#define FMP_DEAD_PATIENCE_MS		38000U

/**
 * struct fmp_heartbeat - heartbeats to a peer
 * @last: when the last one was due and sent, or the first session started; 0
 *        before that
 * @sent: when one was handed to the IP layer last, 0 before one
 * @now: the next one does not wait for its time
 * @told: of silence that was told
 *
 * All zeroes is the state of a new peer. Calls are serialized by the caller,
 * but for @sent, which may be written at any time.
 */
struct fmp_heartbeat {
	u64 last;
	u64 sent;
	bool now;
	struct fmp_backoff told;
};

/**
 * struct fmp_heartbeat_facts - what is known of a peer with a session
 * @now: time
 * @interval: between heartbeats, 0 for none
 * @heard: when the last authentic frame arrived or, if that is later, the
 *         session became current
 * @timeout: silence after which the peer is down, 0 for none
 * @up: it is not down yet
 * @handshake: one with it is under way, and may find it alive
 */
struct fmp_heartbeat_facts {
	u64 now;
	u32 interval;
	u64 heard;
	u32 timeout;
	bool up;
	bool handshake;
};

void fmp_heartbeat_start(struct fmp_heartbeat *heartbeat, u64 now,
			 bool awaited);
bool fmp_heartbeat_due(struct fmp_heartbeat *heartbeat,
		       const struct fmp_heartbeat_facts *facts);
bool fmp_heartbeat_dead(const struct fmp_heartbeat *heartbeat,
			const struct fmp_heartbeat_facts *facts);
bool fmp_heartbeat_silent(struct fmp_heartbeat *heartbeat,
			  const struct fmp_heartbeat_facts *facts);
u64 fmp_heartbeat_next(const struct fmp_heartbeat *heartbeat,
		       const struct fmp_heartbeat_facts *facts);

#endif /* FMP_HEARTBEAT_H */
