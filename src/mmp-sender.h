/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a peer is told of the frames that we send it (spec 9.2).
 *
 * Sending keeps no account of single frames for this: what its counters say is
 * passed in when a report is due.
 */
#ifndef FMP_MMP_SENDER_H
#define FMP_MMP_SENDER_H

#include <linux/types.h>

#include "link.h"

/**
 * struct fmp_mmp_sent - what is known when a report is due
 * @first_counter: of the first frame since the last report
 * @last_counter: of the last frame
 * @first_timestamp: inner timestamp of the first frame since the last report
 * @last_timestamp: inner timestamp of the last frame
 * @packets: frames sent, for the life of the peer
 * @bytes: of them
 *
 * A rekey between the two leaves counters and timestamps of two sessions.
 */
struct fmp_mmp_sent {
	u64 first_counter;
	u64 last_counter;
	u32 first_timestamp;
	u32 last_timestamp;
	u64 packets;
	u64 bytes;
};

/**
 * struct fmp_mmp_sender - what was reported of frames sent
 * @packets: frames, up to the last report
 * @bytes: of them
 *
 * All zeroes is the state of a new peer; a rekey changes nothing. Calls are
 * serialized by the caller.
 */
struct fmp_mmp_sender {
	u64 packets;
	u64 bytes;
};

/* Whether a report is of use, @packets having been sent so far. */
static inline bool
fmp_mmp_sender_has_data(const struct fmp_mmp_sender *sender, u64 packets)
{
	return packets > sender->packets;
}

bool fmp_mmp_sender_report(struct fmp_mmp_sender *sender,
			   const struct fmp_mmp_sent *sent,
			   struct fmp_sender_report *report);

#endif /* FMP_MMP_SENDER_H */
