/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of devices and peers. Every drop has one of its own.
 */
#ifndef FMP_STATS_H
#define FMP_STATS_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <uapi/linux/fmp.h>

/* Counters are u64 and updated in one step. */
static_assert(BITS_PER_LONG == 64, "fmp needs a 64-bit kernel");

/**
 * enum fmp_stat - counters of a device; fmp_stat_name() has what users see
 *
 * Those named RX_DROP and TX_DROP count packets that went no further, and
 * each such packet counts in exactly one of them.
 *
 * Those named BATCH_2 to BATCH_32 count batches of that many frames and fewer
 * than the next, BATCH_FRAMES the frames in all of them. These count as frames
 * besides; what goes alone is no batch. RX_MERGED counts packets that joined
 * the one before them.
 */
enum fmp_stat {
	FMP_RX_FRAMES,
	FMP_RX_INLINE,
	FMP_RX_HANDOFF,
	FMP_RX_HEARTBEAT,
	FMP_RX_IP,
	FMP_RX_LANE_MOVE,
	FMP_RX_LANE_STUCK,
	FMP_RX_DISCONNECT,
	FMP_RX_LINK_MESSAGE,
	FMP_RX_CE,
	FMP_RX_HANDSHAKE,
	FMP_RX_RECOVERY_REKEY,
	FMP_RX_REPORT,
	FMP_RX_BATCH_2,
	FMP_RX_BATCH_4,
	FMP_RX_BATCH_8,
	FMP_RX_BATCH_16,
	FMP_RX_BATCH_32,
	FMP_RX_BATCH_FRAMES,
	FMP_RX_MERGED,
	FMP_RX_DROP_GSO,
	FMP_RX_DROP_SHORT,
	FMP_RX_DROP_VERSION,
	FMP_RX_DROP_LENGTH,
	FMP_RX_DROP_PHASE,
	FMP_RX_DROP_ESTABLISHED_SHORT,
	FMP_RX_DROP_MSG1_MALFORMED,
	FMP_RX_DROP_MSG2_MALFORMED,
	FMP_RX_DROP_MSG1_NO_AGENT,
	FMP_RX_DROP_MSG2_NO_AGENT,
	FMP_RX_DROP_MSG1_LIMIT,
	FMP_RX_DROP_MSG2_LIMIT,
	FMP_RX_DROP_MSG2_UNKNOWN,
	FMP_RX_DROP_AGENT_BACKLOG,
	FMP_RX_DROP_RESERVED_INDEX,
	FMP_RX_DROP_UNKNOWN_INDEX,
	FMP_RX_DROP_COUNTER_LIMIT,
	FMP_RX_DROP_REPLAY,
	FMP_RX_DROP_TOO_OLD,
	FMP_RX_DROP_AUTH,
	FMP_RX_DROP_INNER_SHORT,
	FMP_RX_DROP_LINK_UNKNOWN,
	FMP_RX_DROP_LINK_UNHANDLED,
	FMP_RX_DROP_LINK_BACKLOG,
	FMP_RX_DROP_IP_MALFORMED,
	FMP_RX_DROP_ECN,
	FMP_RX_DROP_SOURCE,
	FMP_RX_DROP_LANE_FULL,
	FMP_RX_DROP_DOWN,
	FMP_RX_DROP_NOMEM,
	FMP_TX_FRAMES,
	FMP_TX_LINK_MESSAGE,
	FMP_TX_HEARTBEAT,
	FMP_TX_REPORT,
	FMP_TX_HANDSHAKE,
	FMP_TX_MULTICAST_COPY,
	FMP_TX_STAGED,
	FMP_TX_PMTU_UPDATE,
	FMP_TX_BATCH_2,
	FMP_TX_BATCH_4,
	FMP_TX_BATCH_8,
	FMP_TX_BATCH_16,
	FMP_TX_BATCH_32,
	FMP_TX_BATCH_FRAMES,
	FMP_TX_DROP_NOT_IP,
	FMP_TX_DROP_NO_PEER,
	FMP_TX_DROP_MULTICAST,
	FMP_TX_DROP_NO_SESSION,
	FMP_TX_DROP_STAGING_FULL,
	FMP_TX_DROP_NO_ENDPOINT,
	FMP_TX_DROP_NO_SOCKET,
	FMP_TX_DROP_NO_ROUTE,
	FMP_TX_DROP_LOOP,
	FMP_TX_DROP_TOO_LONG,
	FMP_TX_DROP_PMTU,
	FMP_TX_DROP_GSO,
	FMP_TX_DROP_COUNTER_LIMIT,
	FMP_TX_DROP_NOMEM,
	FMP_STAT_COUNT,

	FMP_RX_DROP_FIRST = FMP_RX_DROP_GSO,
	FMP_RX_DROP_LAST = FMP_RX_DROP_NOMEM,
	FMP_TX_DROP_FIRST = FMP_TX_DROP_NOT_IP,
	FMP_TX_DROP_LAST = FMP_TX_DROP_NOMEM,
};

/**
 * struct fmp_stats - counters of a device on one CPU
 * @value: by enum fmp_stat
 */
struct fmp_stats {
	u64 value[FMP_STAT_COUNT];
};

/**
 * enum fmp_peer_stat - counters of a peer; the drops also count in the device
 *
 * Frames sent are counted per CPU, those received with the link metrics. What
 * became of handshakes is what the agent tells.
 */
enum fmp_peer_stat {
	FMP_PEER_TX_PACKETS,
	FMP_PEER_TX_BYTES,
	FMP_PEER_RX_PACKETS,
	FMP_PEER_RX_BYTES,
	FMP_PEER_RX_DROP_REPLAY,
	FMP_PEER_RX_DROP_AUTH,
	FMP_PEER_RX_DROP_MALFORMED,
	FMP_PEER_RX_DROP_SOURCE,
	FMP_PEER_RX_DROP_OTHER,
	FMP_PEER_TX_DROP,
	FMP_PEER_HANDSHAKE_STARTED,
	FMP_PEER_HANDSHAKE_ANSWERED,
	FMP_PEER_HANDSHAKE_COMPLETED,
	FMP_PEER_HANDSHAKE_FAILED_TIMEOUT,
	FMP_PEER_HANDSHAKE_FAILED_REFUSED,
	FMP_PEER_HANDSHAKE_FAILED_CRYPTO,
	FMP_PEER_HANDSHAKE_FAILED_IDENTITY,
	FMP_PEER_HANDSHAKE_FAILED_KERNEL,
	FMP_PEER_STAT_COUNT,

	FMP_PEER_PER_CPU = FMP_PEER_RX_PACKETS,
	FMP_PEER_DROP_FIRST = FMP_PEER_RX_DROP_REPLAY,
	FMP_PEER_HANDSHAKE_FIRST = FMP_PEER_HANDSHAKE_STARTED,
};

static_assert(FMP_PEER_HANDSHAKE_COMPLETED - FMP_PEER_HANDSHAKE_STARTED ==
	      (int)FMP_HANDSHAKE_EVENT_COMPLETED);
static_assert(FMP_PEER_HANDSHAKE_FAILED_KERNEL -
	      FMP_PEER_HANDSHAKE_FAILED_TIMEOUT ==
	      (int)FMP_HANDSHAKE_CAUSE_KERNEL);

/**
 * struct fmp_peer_stats - counters of what one CPU sends to a peer
 * @value: by enum fmp_peer_stat, up to FMP_PEER_PER_CPU
 */
struct fmp_peer_stats {
	u64 value[FMP_PEER_PER_CPU];
};

/**
 * struct fmp_peer_drops - counters of what was dropped of a peer
 * @value: by enum fmp_peer_stat, from FMP_PEER_DROP_FIRST on
 *
 * One for all CPUs: memory of each CPU is dear where there are many peers.
 */
struct fmp_peer_drops {
	atomic64_t value[FMP_PEER_HANDSHAKE_FIRST - FMP_PEER_DROP_FIRST];
};

/**
 * struct fmp_peer_handshakes - counters of what became of a peer's handshakes
 * @value: by enum fmp_peer_stat, from FMP_PEER_HANDSHAKE_FIRST on
 */
struct fmp_peer_handshakes {
	u32 value[FMP_PEER_STAT_COUNT - FMP_PEER_HANDSHAKE_FIRST];
};

const char *fmp_stat_name(enum fmp_stat stat);
const char *fmp_peer_stat_name(enum fmp_peer_stat stat);
u64 fmp_stat_read(const struct fmp_stats __percpu *stats, enum fmp_stat stat);

#endif /* FMP_STATS_H */
