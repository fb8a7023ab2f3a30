// SPDX-License-Identifier: GPL-2.0
/*
 * What is measured of the frames that a peer sends us (spec 9.3 to 9.5).
 *
 * Times are compared with the timestamps of frames modulo 2^32 microseconds:
 * since that is a divisor of 2^32 milliseconds, where timestamps wrap, a
 * difference below 35 minutes is right across every wrap of both.
 */
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "mmp-receiver.h"

static void fmp_mmp_count(struct fmp_mmp_receiver *receiver, unsigned int bytes,
			  bool ce)
{
	u32 packets = receiver->interval_packets;

	receiver->packets++;
	receiver->bytes += bytes;
	if (packets != U32_MAX)
		WRITE_ONCE(receiver->interval_packets, packets + 1);
	receiver->interval_bytes += min_t(u32, bytes,
					  U32_MAX - receiver->interval_bytes);
	if (ce && receiver->ce != U32_MAX)
		receiver->ce++;
}

static void fmp_mmp_gaps_close(struct fmp_mmp_gaps *gaps)
{
	if (!gaps->open)
		return;
	if (gaps->max < gaps->len)
		gaps->max = gaps->len;
	gaps->total += gaps->len;
	gaps->open = false;
}

/* The upper bits of @missing are lost, as they are at the reference. */
static void fmp_mmp_gaps_add(struct fmp_mmp_gaps *gaps, u16 missing)
{
	if (gaps->open) {
		gaps->len = min_t(u32, gaps->len + missing, U16_MAX);
		return;
	}
	gaps->open = true;
	gaps->len = missing;
	gaps->count++;
}

/* Before the frame is taken into account. */
static void fmp_mmp_gaps_observe(struct fmp_mmp_receiver *receiver, u64 counter)
{
	u64 expected = receiver->highest + 1;

	if (!receiver->any)
		return;
	if (counter > expected)
		fmp_mmp_gaps_add(&receiver->gaps, counter - expected);
	else
		fmp_mmp_gaps_close(&receiver->gaps);
}

static void fmp_mmp_jitter(struct fmp_mmp_receiver *receiver, u32 timestamp,
			   u64 now_us)
{
	u64 elapsed = now_us > receiver->last ? now_us - receiver->last : 0;
	u32 sent = (timestamp - receiver->last_timestamp) * 1000;

	if (receiver->any && now_us >= receiver->grace)
		fmp_jitter_add(&receiver->jitter, (u32)elapsed - sent);
}

static void fmp_mmp_delay(struct fmp_mmp_receiver *receiver, u32 timestamp,
			  u64 now_us)
{
	u32 sent, elapsed;

	if (!receiver->any) {
		receiver->any = true;
		receiver->origin = now_us;
		receiver->origin_timestamp = timestamp;
	}
	sent = (timestamp - receiver->origin_timestamp) * 1000;
	elapsed = now_us - receiver->origin;

	receiver->delays[receiver->next_delay] = elapsed - sent;
	receiver->next_delay = (receiver->next_delay + 1) % FMP_MMP_DELAYS;
	if (receiver->n_delays < FMP_MMP_DELAYS)
		receiver->n_delays++;
}

/**
 * fmp_mmp_receiver_record() - a frame of the current session was authentic
 * @receiver: of the peer
 * @counter: of the frame
 * @timestamp: inner timestamp, milliseconds of the sender's clock
 * @bytes: of the frame, header and tag included
 * @ce: it carried the congestion mark
 * @now_us: when it arrived
 *
 * Frames of a previous session must not come here: their counters and
 * timestamps have nothing to do with those of the current one (spec 9.7).
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_receiver_record(struct fmp_mmp_receiver *receiver, u64 counter,
			     u32 timestamp, unsigned int bytes, bool ce,
			     u64 now_us)
{
	fmp_mmp_count(receiver, bytes, ce);
	fmp_mmp_gaps_observe(receiver, counter);
	if (counter < receiver->highest)
		receiver->reordered++;
	else
		receiver->highest = counter;
	fmp_mmp_jitter(receiver, timestamp, now_us);
	fmp_mmp_delay(receiver, timestamp, now_us);
	receiver->last_timestamp = timestamp;
	receiver->last = now_us;
}

static s32 fmp_mmp_trend(const struct fmp_mmp_receiver *receiver)
{
	unsigned int n = receiver->n_delays, i;
	unsigned int first = receiver->next_delay - n;
	struct fmp_fit fit = {};

	for (i = 0; i < n; i++)
		fmp_fit_add(&fit, i,
			    receiver->delays[(first + i) % FMP_MMP_DELAYS]);
	return fmp_fit_slope(&fit);
}

static void fmp_mmp_report_echo(const struct fmp_mmp_receiver *receiver,
				u64 now_us, struct fmp_receiver_report *report)
{
	u64 held = now_us > receiver->last ? now_us - receiver->last : 0;

	held = div_u64(held, 1000);
	report->timestamp_echo = held <= U16_MAX ? receiver->last_timestamp : 0;
	report->dwell_time = min_t(u64, held, U16_MAX);
}

static void fmp_mmp_report_gaps(struct fmp_mmp_gaps *gaps,
				struct fmp_receiver_report *report)
{
	fmp_mmp_gaps_close(gaps);
	report->burst_loss_count = gaps->count;
	report->max_burst_loss = gaps->max;
	report->mean_burst_loss = 0;
	if (gaps->count)
		report->mean_burst_loss =
			min_t(u64, div_u64((u64)gaps->total << 8, gaps->count),
			      U16_MAX);
	gaps->count = 0;
	gaps->max = 0;
	gaps->total = 0;
}

/**
 * fmp_mmp_receiver_report() - make a report, and begin the next interval
 * @receiver: of the peer
 * @now_us: time
 * @report: result, written on success only
 *
 * Context: Any; calls are serialized by the caller.
 * Return: false if nothing has arrived since the last one.
 */
bool fmp_mmp_receiver_report(struct fmp_mmp_receiver *receiver, u64 now_us,
			     struct fmp_receiver_report *report)
{
	if (!fmp_mmp_receiver_has_data(receiver))
		return false;

	report->highest_counter = receiver->highest;
	report->cumulative_packets = receiver->packets;
	report->cumulative_bytes = receiver->bytes;
	report->jitter = fmp_jitter_us(&receiver->jitter);
	report->ecn_ce_count = receiver->ce;
	report->owd_trend = fmp_mmp_trend(receiver);
	report->cumulative_reorder_count = receiver->reordered;
	report->interval_packets = receiver->interval_packets;
	report->interval_bytes = receiver->interval_bytes;
	fmp_mmp_report_echo(receiver, now_us, report);
	fmp_mmp_report_gaps(&receiver->gaps, report);

	WRITE_ONCE(receiver->interval_packets, 0);
	receiver->interval_bytes = 0;
	return true;
}

/**
 * fmp_mmp_receiver_reset() - another session became current
 * @receiver: of the peer
 * @now_us: time
 *
 * What was counted for the life of the peer stays.
 *
 * Context: Any; calls are serialized by the caller.
 */
void fmp_mmp_receiver_reset(struct fmp_mmp_receiver *receiver, u64 now_us)
{
	*receiver = (struct fmp_mmp_receiver){
		.packets = receiver->packets,
		.bytes = receiver->bytes,
		.grace = now_us + FMP_MMP_GRACE_US,
	};
}
