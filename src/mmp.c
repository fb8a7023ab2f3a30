// SPDX-License-Identifier: GPL-2.0
/*
 * Link metrics (spec 9).
 *
 * The mmp-*.c and spin.c decide and compute; here is what they know and what
 * comes of it. What is received is recorded by the lane of the session, what is
 * sent tells no more than the counters do, and the timer of the peer makes the
 * reports. It is set when the first data of an interval arrives or leaves, and
 * not by frames that follow; on an idle link it comes for heartbeats only, and
 * sees to reports then.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/netlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "mmp.h"
#include "peer.h"
#include "session.h"
#include "tx.h"

/* Between reports on a link that only looks after itself; less than that
 * between two heartbeats, so that one of them brings a report along.
 */
#define FMP_MMP_IDLE_MS		9000U
/* How long a verdict of congestion holds without a report that confirms it. */
#define FMP_MMP_VERDICT_MS	20000U
/* How long a device that drops counts as overloaded (spec 9.10). */
#define FMP_MMP_OVERLOAD_MS	1000U

/**
 * fmp_mmp_init() - set up what a new peer needs for link metrics
 * @mmp: of the peer, all zeroes so far
 *
 * Context: Any.
 */
void fmp_mmp_init(struct fmp_mmp *mmp)
{
	spin_lock_init(&mmp->lock);
}

/**
 * fmp_mmp_free() - free what the link metrics of a peer took
 * @mmp: of the peer, which nobody has any more
 *
 * Context: Any.
 */
void fmp_mmp_free(struct fmp_mmp *mmp)
{
	kfree(mmp->metrics);
}

/* The peer sends as many as it likes. */
static void fmp_mmp_count(u32 *reports)
{
	if (*reports < U32_MAX)
		(*reports)++;
}

static enum fmp_mmp_mode fmp_mmp_mode(const struct fmp_peer *peer)
{
	u8 mode = READ_ONCE(peer->mmp_mode);

	if (mode != FMP_MMP_MODE_DEVICE)
		return mode;
	return READ_ONCE(peer->fmp->config.mmp_mode);
}

static u64 fmp_mmp_now_us(void)
{
	return ktime_to_us(ktime_get_boottime());
}

static void fmp_mmp_judge(struct fmp_peer *peer)
{
	const struct fmp_mmp_metrics *metrics = peer->mmp.metrics;
	const struct fmp_config *config = &peer->fmp->config;
	u64 until = 0;

	if (metrics &&
	    fmp_mmp_metrics_congested(metrics,
				      READ_ONCE(config->congestion_loss),
				      READ_ONCE(config->congestion_etx)))
		until = metrics->last_at + FMP_MMP_VERDICT_MS;
	if (peer->congested_until != until)
		WRITE_ONCE(peer->congested_until, until);
}

/* The line is that of everyone who sends. */
static void fmp_mmp_spin(struct fmp_session *session, const struct fmp_mmp *mmp)
{
	u8 spin = fmp_spin_tx(&mmp->spin) ? FMP_FLAG_SP : 0;

	if (session->sent.spin != spin)
		WRITE_ONCE(session->sent.spin, spin);
}

/**
 * fmp_mmp_started() - a session became current
 * @session: the session
 *
 * Context: The peer's lock held.
 */
void fmp_mmp_started(struct fmp_session *session)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	lockdep_assert_held(&session->peer->lock);

	spin_lock(&mmp->lock);
	/* The first session of a peer has nothing to forget. */
	if (mmp->receiver.packets)
		fmp_mmp_receiver_reset(&mmp->receiver, fmp_mmp_now_us());
	if (mmp->metrics)
		fmp_mmp_metrics_reset(mmp->metrics);
	fmp_mmp_judge(session->peer);
	/* The peer keeps its part, too, whoever initiates a rekey (spec 9.9). */
	if (!mmp->session)
		mmp->initiator = session->initiator;
	fmp_spin_reset(&mmp->spin);
	mmp->session = session;
	mmp->received = FMP_MMP_TRAFFIC_NONE;
	fmp_mmp_spin(session, mmp);
	spin_unlock(&mmp->lock);
}

/**
 * fmp_mmp_ended() - a session left its slot
 * @session: the session
 *
 * Context: The peer's lock held.
 */
void fmp_mmp_ended(const struct fmp_session *session)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	spin_lock(&mmp->lock);
	if (mmp->session == session)
		mmp->session = NULL;
	spin_unlock(&mmp->lock);
}

/*
 * Until the peer has told us anything it may be waiting for a report to do so:
 * what is known of a new link should be known soon.
 */
static bool fmp_mmp_urgent(const struct fmp_mmp *mmp, u8 traffic)
{
	if (traffic == FMP_MMP_TRAFFIC_CONTROL)
		return !mmp->reports_received;
	return traffic == FMP_MMP_TRAFFIC_DATA;
}

static u64 fmp_mmp_deadline(const struct fmp_mmp_timing *timing, u64 now)
{
	return fmp_session_deadline(fmp_mmp_timing_next(timing, true, now),
				    now);
}

/* Returns whether the timer has to come for it. */
static bool fmp_mmp_note(struct fmp_mmp *mmp, enum fmp_mmp_traffic traffic)
{
	bool was_urgent;

	if (likely(mmp->received >= traffic))
		return false;
	was_urgent = fmp_mmp_urgent(mmp, mmp->received);
	mmp->received = traffic;
	return !was_urgent && fmp_mmp_urgent(mmp, traffic);
}

static void fmp_mmp_record(struct fmp_session *session, struct fmp_mmp *mmp,
			   const struct fmp_mmp_frame *frame)
{
	u64 now = fmp_mmp_now_us();

	fmp_mmp_receiver_record(&mmp->receiver, frame->counter,
				frame->timestamp, frame->len, frame->ce, now);
	fmp_spin_received(&mmp->spin, mmp->initiator, frame->counter,
			  frame->spin, now);
	fmp_mmp_spin(session, mmp);
}

static void fmp_mmp_count_frame(struct fmp_mmp *mmp, unsigned int len)
{
	WRITE_ONCE(mmp->packets, mmp->packets + 1);
	WRITE_ONCE(mmp->bytes, mmp->bytes + len);
}

/**
 * fmp_mmp_passed() - a frame of another session was authentic
 * @peer: from it
 * @len: bytes, header and tag included
 *
 * It counts, and is not measured.
 *
 * Context: Bottom halves disabled.
 */
void fmp_mmp_passed(struct fmp_peer *peer, unsigned int len)
{
	struct fmp_mmp *mmp = &peer->mmp;

	spin_lock(&mmp->lock);
	fmp_mmp_count_frame(mmp, len);
	spin_unlock(&mmp->lock);
}

/**
 * fmp_mmp_received() - a frame of the current session was authentic
 * @session: the session
 * @frame: what there is to measure
 *
 * Context: RCU read section, bottom halves disabled, the peer's lock not held.
 */
void fmp_mmp_received(struct fmp_session *session,
		      const struct fmp_mmp_frame *frame)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_mmp *mmp = &peer->mmp;
	bool wake = false;
	u64 deadline = 0;

	spin_lock(&mmp->lock);
	fmp_mmp_count_frame(mmp, frame->len);
	/* What came under the one before says nothing of this one. */
	if (likely(mmp->session == session)) {
		fmp_mmp_record(session, mmp, frame);
		wake = fmp_mmp_note(mmp, frame->traffic) &&
		       fmp_mmp_mode(peer) != FMP_MMP_MODE_MINIMAL;
		if (wake)
			deadline = fmp_mmp_deadline(&mmp->receiver_timing,
						    fmp_session_now_ms());
	}
	spin_unlock(&mmp->lock);
	if (wake)
		fmp_session_wake(peer, deadline);
}

/* The first frame of an interval, or its first data. */
static void fmp_mmp_sent_more(struct fmp_session *session, u64 counter,
			      u32 timestamp, enum fmp_mmp_traffic traffic)
{
	struct fmp_mmp_interval *sent = &session->sent;
	struct fmp_peer *peer = session->peer;
	u64 deadline;

	if (READ_ONCE(sent->traffic) == FMP_MMP_TRAFFIC_NONE) {
		WRITE_ONCE(sent->first_counter, (u32)counter);
		WRITE_ONCE(sent->first_timestamp, timestamp);
	}
	WRITE_ONCE(sent->traffic, traffic);
	if (traffic != FMP_MMP_TRAFFIC_DATA ||
	    fmp_mmp_mode(peer) != FMP_MMP_MODE_FULL)
		return;
	spin_lock(&peer->mmp.lock);
	deadline = fmp_mmp_deadline(&peer->mmp.sender_timing,
				    fmp_session_now_ms());
	spin_unlock(&peer->mmp.lock);
	fmp_session_wake(peer, deadline);
}

/**
 * fmp_mmp_sent() - a frame is about to be sent
 * @session: with what
 * @counter: its counter
 * @timestamp: its timestamp
 * @traffic: what it is there for
 *
 * Context: RCU read section, bottom halves disabled, the peer's lock not held.
 */
void fmp_mmp_sent(struct fmp_session *session, u64 counter, u32 timestamp,
		  enum fmp_mmp_traffic traffic)
{
	WRITE_ONCE(session->sent.last_timestamp, timestamp);
	if (unlikely(READ_ONCE(session->sent.traffic) < traffic))
		fmp_mmp_sent_more(session, counter, timestamp, traffic);
}

/**
 * fmp_mmp_sender_reported() - a SenderReport arrived
 * @session: under which
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_mmp_sender_reported(struct fmp_session *session)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	spin_lock(&mmp->lock);
	fmp_mmp_count(&mmp->reports_received);
	spin_unlock(&mmp->lock);
}

static void fmp_mmp_retune(struct fmp_mmp *mmp)
{
	const struct fmp_rtt *rtt = &mmp->metrics->rtt;

	if (!rtt->known)
		return;
	fmp_mmp_timing_retune(&mmp->sender_timing, rtt->srtt,
			      FMP_MMP_SENDER_RTTS);
	fmp_mmp_timing_retune(&mmp->receiver_timing, rtt->srtt,
			      FMP_MMP_RECEIVER_RTTS);
}

/* Of links that nobody reports of there is nothing to be known. */
static bool fmp_mmp_has_metrics(struct fmp_mmp *mmp)
{
	if (!mmp->metrics)
		mmp->metrics = kzalloc_obj(*mmp->metrics,
					   GFP_ATOMIC | __GFP_NOWARN);
	return mmp->metrics;
}

static void fmp_mmp_learn(const struct fmp_session *session,
			  const struct fmp_receiver_report *report)
{
	struct fmp_peer *peer = session->peer;
	struct fmp_mmp *mmp = &peer->mmp;
	struct fmp_mmp_local local = {
		.now		= fmp_session_now_ms(),
		.packets	= mmp->receiver.packets,
		.highest	= mmp->receiver.highest,
	};

	local.timestamp = local.now - session->established;
	if (fmp_mmp_metrics_report(mmp->metrics, report, &local) ==
	    FMP_MMP_STALE)
		fmp_mmp_count(&mmp->reports_ignored);
	fmp_mmp_judge(peer);
	fmp_mmp_retune(mmp);
}

/**
 * fmp_mmp_receiver_reported() - a ReceiverReport arrived (spec 9.7)
 * @session: under which: it is about the same one
 * @report: what it says
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_mmp_receiver_reported(struct fmp_session *session,
			       const struct fmp_receiver_report *report)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	spin_lock(&mmp->lock);
	fmp_mmp_count(&mmp->reports_received);
	if (mmp->session == session && fmp_mmp_has_metrics(mmp))
		fmp_mmp_learn(session, report);
	else
		fmp_mmp_count(&mmp->reports_ignored);
	spin_unlock(&mmp->lock);
}

static bool fmp_mmp_is_due(const struct fmp_mmp *mmp,
			   const struct fmp_mmp_timing *timing, u8 traffic,
			   u64 now)
{
	if (!fmp_mmp_timing_due(timing, traffic != FMP_MMP_TRAFFIC_NONE, now))
		return false;
	return fmp_mmp_urgent(mmp, traffic) ||
	       now >= timing->last + FMP_MMP_IDLE_MS;
}

/* No more than 2^32 frames are sent between two reports. */
static u64 fmp_mmp_first_counter(const struct fmp_session *session, u64 last)
{
	return last - ((u32)last - READ_ONCE(session->sent.first_counter));
}

/* Sums over all CPUs: only where there may be a report of them. */
static bool fmp_mmp_read_sent(const struct fmp_session *session,
			      struct fmp_mmp_sent *facts)
{
	const struct fmp_mmp_interval *sent = &session->sent;
	const struct fmp_peer *peer = session->peer;
	u64 last;

	/* On an idle link it says nothing that anybody asks for. */
	if (READ_ONCE(sent->traffic) != FMP_MMP_TRAFFIC_DATA)
		return false;
	last = atomic64_read(&session->send_counter) - 1;
	*facts = (struct fmp_mmp_sent){
		.first_counter	 = fmp_mmp_first_counter(session, last),
		.first_timestamp = READ_ONCE(sent->first_timestamp),
		.last_counter	 = last,
		.last_timestamp	 = READ_ONCE(sent->last_timestamp),
		.packets = fmp_peer_stat_read(peer, FMP_PEER_TX_PACKETS),
		.bytes	 = fmp_peer_stat_read(peer, FMP_PEER_TX_BYTES),
	};
	return true;
}

static void fmp_mmp_make_sender(struct fmp_session *session,
				const struct fmp_mmp_sent *facts,
				struct fmp_mmp_reports *reports, u64 now)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	if (!fmp_mmp_timing_due(&mmp->sender_timing, true, now))
		return;
	/* A frame may have a counter, and not be counted yet: the next time. */
	fmp_mmp_timing_reported(&mmp->sender_timing, now);
	reports->has_sender = fmp_mmp_sender_report(&mmp->sender, facts,
						    &reports->sender);
	if (reports->has_sender)
		WRITE_ONCE(session->sent.traffic, FMP_MMP_TRAFFIC_NONE);
}

static void fmp_mmp_make_receiver(struct fmp_mmp *mmp,
				  struct fmp_mmp_reports *reports, u64 now)
{
	if (!fmp_mmp_is_due(mmp, &mmp->receiver_timing, mmp->received, now))
		return;
	mmp->received = FMP_MMP_TRAFFIC_NONE;
	reports->has_receiver = fmp_mmp_receiver_report(&mmp->receiver,
							fmp_mmp_now_us(),
							&reports->receiver);
	if (!reports->has_receiver)
		return;
	mmp->owd_trend = reports->receiver.owd_trend;
	fmp_mmp_timing_reported(&mmp->receiver_timing, now);
}

static u64 fmp_mmp_next(const struct fmp_session *session,
			enum fmp_mmp_mode mode, u64 now)
{
	const struct fmp_mmp *mmp = &session->peer->mmp;
	u64 next = U64_MAX;

	if (mode == FMP_MMP_MODE_FULL &&
	    READ_ONCE(session->sent.traffic) == FMP_MMP_TRAFFIC_DATA)
		next = fmp_mmp_deadline(&mmp->sender_timing, now);
	if (mode != FMP_MMP_MODE_MINIMAL &&
	    fmp_mmp_urgent(mmp, mmp->received))
		next = min(next, fmp_mmp_deadline(&mmp->receiver_timing, now));
	return next;
}

/**
 * fmp_mmp_due() - make the reports that are due for a peer
 * @session: its current one
 * @reports: result, all zeroes so far; for fmp_mmp_send()
 *
 * Context: Softirq, the peer's lock held.
 * Return: jiffies64 at which to look again, U64_MAX for never.
 */
u64 fmp_mmp_due(struct fmp_session *session, struct fmp_mmp_reports *reports)
{
	struct fmp_peer *peer = session->peer;
	enum fmp_mmp_mode mode = fmp_mmp_mode(peer);
	struct fmp_mmp *mmp = &peer->mmp;
	u64 now = fmp_session_now_ms();
	struct fmp_mmp_sent sent;
	bool has_sent;
	u64 next;

	lockdep_assert_held(&peer->lock);

	reports->session = session;
	has_sent = mode == FMP_MMP_MODE_FULL &&
		   fmp_mmp_read_sent(session, &sent);
	spin_lock(&mmp->lock);
	fmp_mmp_judge(peer);
	if (has_sent)
		fmp_mmp_make_sender(session, &sent, reports, now);
	if (mode != FMP_MMP_MODE_MINIMAL)
		fmp_mmp_make_receiver(mmp, reports, now);
	next = fmp_mmp_next(session, mode, now);
	spin_unlock(&mmp->lock);
	return next;
}

static void fmp_mmp_send_report(struct fmp_session *session, const u8 *msg,
				size_t len)
{
	struct fmp_mmp *mmp = &session->peer->mmp;

	if (fmp_tx_report(session, msg, len))
		return;
	spin_lock(&mmp->lock);
	mmp->reports_sent++;
	spin_unlock(&mmp->lock);
}

/**
 * fmp_mmp_send() - send reports
 * @reports: what there is to send
 *
 * Context: Softirq, in the RCU read section in which they were made; the
 * peer's lock not held: a frame may pass through other tunnels on its way.
 */
void fmp_mmp_send(const struct fmp_mmp_reports *reports)
{
	u8 sr[FMP_SENDER_REPORT_LEN], rr[FMP_RECEIVER_REPORT_LEN];

	if (reports->has_sender) {
		fmp_link_write_sender_report(sr, &reports->sender);
		fmp_mmp_send_report(reports->session, sr, sizeof(sr));
	}
	if (reports->has_receiver) {
		fmp_link_write_receiver_report(rr, &reports->receiver);
		fmp_mmp_send_report(reports->session, rr, sizeof(rr));
	}
}

/**
 * fmp_mmp_overloaded() - a frame was dropped as too many wait
 * @fmp: device
 *
 * Context: Any.
 */
void fmp_mmp_overloaded(struct fmp_dev *fmp)
{
	WRITE_ONCE(fmp->overloaded_until,
		   fmp_session_now_ms() + FMP_MMP_OVERLOAD_MS);
}

static bool fmp_mmp_before(u64 until)
{
	return until && fmp_session_now_ms() < until;
}

/**
 * fmp_mmp_congested() - tell whether forwarded packets are to be marked
 * @peer: the next hop
 *
 * Context: RCU read section.
 * Return: true if the link to it is congested, or the device drops what it
 * receives (spec 9.10).
 */
bool fmp_mmp_congested(const struct fmp_peer *peer)
{
	const struct fmp_dev *fmp = peer->fmp;

	return READ_ONCE(fmp->config.ecn) &&
	       (fmp_mmp_before(READ_ONCE(peer->congested_until)) ||
		fmp_mmp_before(READ_ONCE(fmp->overloaded_until)));
}
