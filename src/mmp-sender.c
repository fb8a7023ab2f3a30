// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer is told of the frames that we send it (spec 9.2).
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "mmp-sender.h"

/**
 * fmp_mmp_sender_report() - make a report, and begin the next interval
 * @sender: of the peer
 * @sent: what is known
 * @report: result, written on success only
 *
 * Context: Any; calls are serialized by the caller.
 * Return: false if nothing was sent since the last one.
 */
bool fmp_mmp_sender_report(struct fmp_mmp_sender *sender,
			   const struct fmp_mmp_sent *sent,
			   struct fmp_sender_report *report)
{
	u64 bytes = sent->bytes - min_t(u64, sent->bytes, sender->bytes);

	if (!fmp_mmp_sender_has_data(sender, sent->packets))
		return false;

	report->start_counter = sent->first_counter;
	report->end_counter = sent->last_counter;
	report->start_timestamp = sent->first_timestamp;
	report->end_timestamp = sent->last_timestamp;
	report->interval_bytes = min_t(u64, bytes, U32_MAX);
	report->cumulative_packets = sent->packets;
	report->cumulative_bytes = sent->bytes;

	sender->packets = sent->packets;
	sender->bytes = sent->bytes;
	return true;
}
