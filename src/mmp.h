/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Link metrics (spec 9): where the packet paths tell what they see, and where
 * reports come and go.
 */
#ifndef FMP_MMP_H
#define FMP_MMP_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "link.h"
#include "mmp-metrics.h"
#include "mmp-receiver.h"
#include "mmp-sender.h"
#include "mmp-timing.h"
#include "spin.h"
#include "wire.h"

struct fmp_dev;
struct fmp_peer;
struct fmp_session;
struct sk_buff;

/**
 * enum fmp_mmp_traffic - what frames are there for; the greater tells more
 * @FMP_MMP_TRAFFIC_NONE: there are none
 * @FMP_MMP_TRAFFIC_CONTROL: to look after the link itself
 * @FMP_MMP_TRAFFIC_DATA: for users
 */
enum fmp_mmp_traffic {
	FMP_MMP_TRAFFIC_NONE,
	FMP_MMP_TRAFFIC_CONTROL,
	FMP_MMP_TRAFFIC_DATA,
};

/**
 * struct fmp_mmp_interval - frames sent since the last report of them
 * @first_counter: of the first one, modulo 2^32
 * @first_timestamp: of the first one
 * @last_timestamp: of the last one
 * @spin: FMP_FLAG_SP or 0, to be sent
 * @traffic: enum fmp_mmp_traffic, the greatest of theirs
 *
 * Shares a cache line with the counter that each frame takes anyway. CPUs that
 * send at the same time may miss what the other one wrote, which may cost a
 * report the exact timestamps of its ends.
 */
struct fmp_mmp_interval {
	u32 first_counter;
	u32 first_timestamp;
	u32 last_timestamp;
	u8 spin;
	u8 traffic;
};

/**
 * struct fmp_mmp_frame - what is measured of a frame received
 * @counter: its counter
 * @timestamp: inner timestamp, milliseconds of the sender's clock
 * @len: bytes, header and tag included
 * @ce: it met with congestion
 * @spin: its spin bit
 * @traffic: what it is there for
 */
struct fmp_mmp_frame {
	u64 counter;
	u32 timestamp;
	unsigned int len;
	bool ce;
	bool spin;
	enum fmp_mmp_traffic traffic;
};

/**
 * struct fmp_mmp_reports - reports that are to be sent now
 * @session: what they are about
 * @has_sender: there is @sender
 * @has_receiver: there is @receiver
 * @sender: of frames sent
 * @receiver: of frames received
 */
struct fmp_mmp_reports {
	struct fmp_session *session;
	bool has_sender;
	bool has_receiver;
	struct fmp_sender_report sender;
	struct fmp_receiver_report receiver;
};

/**
 * struct fmp_mmp - the link metrics of a peer
 * @lock: protects all of it; taken inside the peer's lock
 * @initiator: we initiated the first of the sessions that followed each other,
 *             which is what the spin bit goes by
 * @received: enum fmp_mmp_traffic, the greatest of the interval
 * @session: what is measured: the current one, or NULL; to be compared only
 * @spin: spin bit
 * @packets: frames received, of any session
 * @bytes: of them
 * @receiver: frames received of those that are measured
 * @metrics: what the peer reports of the frames that it gets, or NULL before
 *           it did
 * @sender: what was reported of frames sent
 * @receiver_timing: when reports of frames received are due
 * @sender_timing: when those of frames sent are
 * @reports_sent: of both kinds; at most some in a second
 * @reports_received: of both kinds
 * @reports_ignored: of those received
 * @owd_trend: as in the last report of frames received
 *
 * What is written for each frame comes first.
 */
struct fmp_mmp {
	spinlock_t lock; /* what follows */
	bool initiator;
	u8 received;
	const struct fmp_session *session;
	struct fmp_spin spin;
	u64 packets;
	u64 bytes;
	struct fmp_mmp_receiver receiver;
	struct fmp_mmp_metrics *metrics;
	struct fmp_mmp_sender sender;
	struct fmp_mmp_timing receiver_timing;
	struct fmp_mmp_timing sender_timing;
	u32 reports_sent;
	u32 reports_received;
	u32 reports_ignored;
	s32 owd_trend;
};

static inline enum fmp_mmp_traffic fmp_mmp_traffic(u8 link_type)
{
	switch (link_type) {
	case FMP_LINK_SENDER_REPORT:
	case FMP_LINK_RECEIVER_REPORT:
	case FMP_LINK_HEARTBEAT:
		return FMP_MMP_TRAFFIC_CONTROL;
	default:
		return FMP_MMP_TRAFFIC_DATA;
	}
}

void fmp_mmp_init(struct fmp_mmp *mmp);
void fmp_mmp_free(struct fmp_mmp *mmp);
void fmp_mmp_started(struct fmp_session *session);
void fmp_mmp_ended(const struct fmp_session *session);
void fmp_mmp_received(struct fmp_session *session,
		      const struct fmp_mmp_frame *frame);
void fmp_mmp_passed(struct fmp_peer *peer, unsigned int len);
void fmp_mmp_sent(struct fmp_session *session, u64 counter, u32 timestamp,
		  enum fmp_mmp_traffic traffic);
void fmp_mmp_sender_reported(struct fmp_session *session);
void fmp_mmp_receiver_reported(struct fmp_session *session,
			       const struct fmp_receiver_report *report);
u64 fmp_mmp_due(struct fmp_session *session, struct fmp_mmp_reports *reports);
void fmp_mmp_send(const struct fmp_mmp_reports *reports);
void fmp_mmp_overloaded(struct fmp_dev *fmp);
bool fmp_mmp_congested(const struct fmp_peer *peer);
int fmp_mmp_fill(struct sk_buff *skb, struct fmp_peer *peer);

#endif /* FMP_MMP_H */
