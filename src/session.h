/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions: the keys of one handshake and their use (spec 5.1, 8).
 */
#ifndef FMP_SESSION_H
#define FMP_SESSION_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/types.h>
#include <uapi/linux/fmp.h>

#include "crypto.h"
#include "index.h"
#include "lane.h"
#include "mmp.h"
#include "rekey.h"
#include "replay.h"

struct fmp_peer;

/**
 * struct fmp_session - result of one handshake
 * @index: our receiver index; its table entry leads here
 * @receive_key: opens frames of the peer
 * @peer: owner
 * @slot: enum fmp_slot; written under the peer's lock, read without
 * @k_seen: K bit of the newest frame received; -1 before one
 * @k_bit: FMP_FLAG_K or 0, to be sent
 * @initiator: we initiated the handshake
 * @candidate: nobody here asked for it
 * @epoch_known: there is @epoch
 * @remote: receiver index that the peer chose
 * @rxq: the lane that receives for the session, and what waits there
 * @replay: counters received; committed by the session's lane only
 * @epoch: of the peer's start, as the handshake told it; bytes as they came
 * @rekey: when its time as current is over; under the peer's lock
 * @deadline: jiffies64 at which the slot ends: cutover or expiry while
 *            pending, end of the drain while previous; under the peer's lock
 * @hold: for the quarantine of the index, taken when the slot ends
 * @rcu: for freeing, after that
 * @send_counter: counter of the next frame to be sent
 * @sent: what was sent since the last report of it
 * @established: when the session became current, boot time in milliseconds
 * @send_key: seals our frames
 *
 * Read by the packet paths in RCU sections and freed a grace period after it
 * left its slot; nobody counts references. The first cache line is only read
 * for frames, those of receiving and the last one, of sending, are written for
 * each: a frame that is sent has to have the last one anyway, for its counter
 * and for the spin bit. What no frame needs fills up the line where the replay
 * window ends. With very many peers it counts that there are no more than
 * eight.
 */
struct fmp_session {
	struct fmp_index index;
	struct fmp_key receive_key;
	struct fmp_peer *peer;
	u8 slot;
	s8 k_seen;
	u8 k_bit;
	bool initiator : 1;
	bool candidate : 1;
	bool epoch_known : 1;
	struct fmp_remote_index remote;

	struct fmp_rxq rxq ____cacheline_aligned;
	struct fmp_replay replay;
	u64 epoch;
	struct fmp_rekey rekey;
	union {
		struct {
			u64 deadline;
			struct fmp_index_hold *hold;
		};
		struct rcu_head rcu;
	};

	atomic64_t send_counter ____cacheline_aligned;
	struct fmp_mmp_interval sent;
	u64 established;
	struct fmp_key send_key;
};

int fmp_session_module_init(void);
void fmp_session_module_exit(void);

struct fmp_session *fmp_session_alloc(struct fmp_peer *peer);
void fmp_session_free_unused(struct fmp_session *session);
bool fmp_session_keys_known(const struct fmp_session *session);
void fmp_session_install(struct fmp_session *session);
int fmp_session_remove(struct fmp_session *session);
void fmp_session_remove_all(struct fmp_peer *peer);
bool fmp_session_down(struct fmp_session *session, enum fmp_down_reason reason,
		      int code);
void fmp_session_wipe_all(struct fmp_peer *peer);
void fmp_session_promote(struct fmp_session *session, u8 k_bit);
u64 fmp_session_deadline(u64 due, u64 now);
void fmp_session_wake(struct fmp_peer *peer, u64 deadline);
void fmp_session_timer(struct timer_list *timer);
u64 fmp_session_now_ms(void);

#endif /* FMP_SESSION_H */
